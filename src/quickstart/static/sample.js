// The button of the page: says something over a WebSocket and shows what comes back.
const output = document.querySelector('output');

document.querySelector('button').addEventListener('click', () => {
  const socket = new WebSocket('/ws');
  socket.addEventListener('open', () => socket.send(`hello at ${new Date().toLocaleTimeString()}`));
  socket.addEventListener('message', ({ data }) => {
    output.textContent = `“${data}” came back.`;
    socket.close();
  });
  socket.addEventListener('error', () => {
    output.textContent = 'No connection.';
  });
});
