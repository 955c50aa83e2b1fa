import { createServer } from 'node:net';

/** `host-name-process.ts NAME [PORT]`: answers HTTP on port 80, or that one, of all addresses, those that come later too, with a name; `/slow` 300 ms later. */

const [name = '', port = '80'] = process.argv.slice(2);
const reply = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\nConnection: close\r\n\r\n${name}`;

const SLOW = 300;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (head) => {
    if (head.includes('/slow')) setTimeout(() => socket.end(reply), SLOW);
    else socket.end(reply);
  });
});
server.listen(Number(port), '::', () => console.log('ready'));
