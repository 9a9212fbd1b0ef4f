// Loaded into the program under test (NODE_OPTIONS): its clock runs ENGINE_SPEED times as fast, and connections to the tiers'
// addresses lead to servers on this machine.
import { Socket } from "node:net";
import { promisify } from "node:util";

const speed = Number(process.env.ENGINE_SPEED);
const ports = JSON.parse(process.env.ENGINE_PORTS ?? "{}");

if (speed > 0) {
  const now = Date.now.bind(Date);
  Date.now = () => {
    const epoch = Number(process.env.ENGINE_EPOCH);
    return epoch + (now() - epoch) * speed;
  };
  const { setTimeout: slow } = globalThis;
  // What takes this long is a limit for an answer, which a busy machine needs in its own time; waits are shorter.
  const limit = 15_000;
  const fast = (run, milliseconds = 0, ...rest) =>
    slow(run, milliseconds < limit ? milliseconds / speed : milliseconds, ...rest);
  fast[promisify.custom] = (milliseconds, value) => new Promise((resolve) => fast(resolve, milliseconds, value));
  globalThis.setTimeout = fast;
}

const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = options && typeof options === "object" ? ports[`${options.host}:${options.port}`] : undefined;
  if (port) Object.assign(options, { host: "127.0.0.1", port });
  return connect.apply(this, args);
};
