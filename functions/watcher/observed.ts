/** What came back when the site was asked once, on one way. */
export interface Answer {
  /** Status of the answer; undefined where there was none. */
  readonly status?: number;
  /** Why there was no answer, in Node's words: `ECONNREFUSED`, `ETIMEDOUT`, `ENOTFOUND`, ... */
  readonly error?: string;
  /** What is wrong with the certificate, in Node's words: `CERT_HAS_EXPIRED`, ...; undefined where it is valid or none was shown. */
  readonly certificate?: string;
  /** Days that the certificate which was shown has left. */
  readonly daysLeft?: number;
}

/** A status check of EC2. */
export type Check = "ok" | "impaired" | "unknown";

/** What AWS tells of the server. */
export interface Server {
  /** EC2's word: `running`, `stopped`, ... */
  readonly state: string;
  /** When it was last started (ISO 8601). */
  readonly launchedAt: string;
  readonly systemCheck: Check;
  /** Since when the system check fails (ISO 8601). */
  readonly systemImpairedSince?: string;
  readonly instanceCheck: Check;
  readonly volumeCheck: Check;
  /** Whether the agent of Systems Manager reports. */
  readonly managed: boolean;
}

/** What is asked only of a site that does not answer. */
export interface Surroundings {
  /** Whether a URL that has nothing to do with the site answers at the same moment. */
  readonly control: boolean;
  /** Addresses to which the public name resolves. */
  readonly resolved: readonly string[];
  /** Whether the server's security groups let the whole internet in at port 443, or what a prefix list names, as a CDN's. */
  readonly open: boolean;
  /** Whether the server keeps its address when it is stopped: it has an Elastic IP. */
  readonly keepsAddress: boolean;
  /** Whether a volume of the server is encrypted by a key that is not AWS's own, without which it could be stopped, and not started. */
  readonly customerKey: boolean;
  /** What RDS says of the database, for example `available`, `stopped`. */
  readonly database: string;
}

/** One look at the site. */
export interface Observed {
  /** ISO 8601. */
  readonly now: string;
  /** Time until which recovery is muted, as the parameter has it, or `off`. */
  readonly mute: string;
  /** Asked by its public name. */
  readonly name: Answer;
  /** Asked at the server's own address, with the site's name (SNI). */
  readonly address: Answer;
  readonly server: Server;
  readonly around?: Surroundings;
}

/** Whether a visitor would be without the site. An answer that refuses a request (4xx) is an answer. */
export const failing = ({ status }: Answer): boolean => status === undefined || status >= 500;

/** The site is down when it fails on both ways: by its name alone it may be DNS, at the address alone a network in between. */
export const isDown = ({ name, address }: Pick<Observed, "name" | "address">): boolean =>
  failing(name) && failing(address);

/** Down, and nothing on the server says even that. */
export const isSilent = ({ name, address }: Pick<Observed, "name" | "address">): boolean =>
  name.status === undefined && address.status === undefined;
