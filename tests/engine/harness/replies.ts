/** What an API of AWS answers. */
export interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
}

export const xml = (body: string, status = 200): Reply => ({ status, type: "text/xml", body });
export const json = (body: unknown, status = 200): Reply => ({
  status,
  type: "application/x-amz-json-1.1",
  body: JSON.stringify(body),
});

/** Fields as elements of XML, one after the other; a value may be elements already, and undefined is none. */
export const element = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join("");

/** A list in XML. */
export const members = (items: readonly string[], name = "member"): string =>
  items.map((item) => element({ [name]: item })).join("");

/** What an action of the query protocol answers. */
export const result = (action: string, body: string): Reply =>
  xml(element({ [`${action}Response`]: element({ [`${action}Result`]: body }) }));

/** An error of the query protocol, and of REST with XML. */
export const failure = (Code: string, Message: string, status = 400): Reply =>
  xml(element({ ErrorResponse: element({ Error: element({ Type: "Sender", Code, Message }) }) }), status);
