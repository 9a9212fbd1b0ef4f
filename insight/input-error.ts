/** Something that a person gave is wrong: its message is all that they need. */
export class InputError extends Error {
  override readonly name = "InputError";
}
