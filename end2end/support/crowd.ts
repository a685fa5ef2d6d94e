import { connect } from "node:net";

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
