import { createServer } from 'node:net';

/** `host-name-process.ts NAME`: answers HTTP on port 80 of all addresses, those that come later too, with a name. */

const [name = ''] = process.argv.slice(2);
const reply = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\nConnection: close\r\n\r\n${name}`;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end(reply));
});
server.listen(80, '::', () => console.log('ready'));
