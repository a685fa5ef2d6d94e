import { connect, type Socket } from "node:net";

/** Visits in one burst, and the time between two bursts: 500 a second, however busy this machine is. */
const BURST = 20;
const PAUSE_MS = 40;

/** A crowd that asks for a page without looking at it. Answers with how to send it home. */
export function crowdAt(origin: string, path: string): () => void {
  const { host, hostname, port } = new URL(origin);
  const visits = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(BURST);
  const socket = connect(Number(port), hostname);
  // What is answered is thrown away.
  socket.resume();
  const bursts = setInterval(() => socket.write(visits), PAUSE_MS);
  return () => {
    clearInterval(bursts);
    socket.destroy();
  };
}

/** Connections of a stampede, and the questions that each asks for at once. */
const CONNECTIONS = 8;
const PIPELINED = 64;

/** A stampede on a sale: one shopper's questions, asked for as fast as they are answered or refused. Answers with how to end it. */
export function stampedeAt(origin: string, sale_id: string, cookie: string): () => void {
  const { host, hostname, port } = new URL(origin);
  const question =
    `POST /api/sales/${sale_id}/quiz HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookie}\r\n` +
    "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
  let is_over = false;
  const open = (): Socket => {
    const socket = connect(Number(port), hostname);
    let answers = 0;
    socket.on("connect", () => socket.write(question.repeat(PIPELINED)));
    socket.on("data", (bytes) => {
      answers += bytes.toString("latin1").split("HTTP/1.1 ").length - 1;
      if (answers < PIPELINED) return;
      answers = 0;
      socket.write(question.repeat(PIPELINED));
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!is_over) sockets.add(open());
      sockets.delete(socket);
    });
    return socket;
  };
  const sockets = new Set<Socket>();
  for (let count = 0; count < CONNECTIONS; count += 1) sockets.add(open());
  return () => {
    is_over = true;
    for (const socket of sockets) socket.destroy();
  };
}
