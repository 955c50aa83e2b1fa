-- Asks for every one of COUNT objects once, PREFIX0, PREFIX1 and so on, on one thread. wrk itself would only end when its
-- time is over: when all are answered, the script says so in the form of wrk-report.lua and ends the process.
local count, prefix, slack
local asked, answered, refused = 0, 0, 0

function init(args)
  count, prefix, slack = tonumber(args[1]), args[2], tonumber(args[3])
end

function request()
  local id = asked % count
  asked = asked + 1
  return wrk.format('GET', prefix .. id)
end

-- Each connection may have a request on its way that is older than the last one answered: so many more are awaited.
function response(status)
  answered = answered + 1
  if status ~= 200 then refused = refused + 1 end
  if answered < count + slack then return end
  io.write(string.format('{"requests":%d,"microseconds":0,"bytes":0,"status":%d}\n', answered, refused))
  io.flush()
  os.exit(0)
end
