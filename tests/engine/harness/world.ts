/**
 * The world of these tests runs faster than the machine, so that TTLs of a minute do not take one: the program's clock and
 * timers (`fast.mjs`) and everything that AWS tells of time follow it. A busy machine needs a slower world (ENGINE_WORLD_SPEED):
 * an answer within ten seconds is an answer within one.
 */
export const SPEED = Number(process.env.ENGINE_WORLD_SPEED ?? 10);
/** When the world began, in milliseconds of the machine: its clock is moved by moving that. */
export const clock = { epoch: Date.now() };

export const worldNow = (): number => clock.epoch + (Date.now() - clock.epoch) * SPEED;

/** Sets the world's clock to a time that it has had. */
export function rewind(time: number): void {
  clock.epoch = Math.round((Date.now() * SPEED - time) / (SPEED - 1));
}

export const REGION = "ap-northeast-2";
export const ACCOUNT = "123456789012";
export const DOMAIN = "iamvet.example";
export const ZONE_ID = "Z0123456789ABCDEFGHIJ";
/** Addresses of documentation (RFC 5737); `fast.mjs` leads connections to them to servers on this machine. */
export const ADDRESSES = {
  instance: "198.51.100.10",
  /** Elastic IPs, in the order in which they are allocated. */
  instances: ["198.51.100.10", "198.51.100.11", "198.51.100.12"],
  balancer: ["198.51.100.20", "198.51.100.21"],
  vercel: ["198.51.100.30", "198.51.100.31"],
} as const;
export const BALANCER_NAME = `load-balancer-0123456789.${REGION}.elb.amazonaws.com`;

/** Filled in when the DNS server of the tests listens. */
export const dns = { server: "" };

/** The zone of a name; of www alone there is one too. */
export const zoneOf = (name = DOMAIN): string => (name === `www.${DOMAIN}` ? "ZWWW0123456789" : ZONE_ID);
