// Texts are compared without the colours that a terminal, or CI=true, would bring.
process.env.NO_COLOR = "1";

const { ...before } = process.env;
/** In a parallel run these are the hooks of each file: what it sets in the environment is not there for the next in its process. */
export const mochaHooks = {
  afterAll() {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  },
};
