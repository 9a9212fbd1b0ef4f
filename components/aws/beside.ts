/**
 * Options for what a tier needs while it serves: a change that AWS would make in place, or by deletion first, makes a new one beside
 * the old instead. The engine deletes the old one last, after a program that ended well, so behind both gates.
 *
 * @param properties those that AWS could change in place, and that would pull the old side away from under its visitors; what AWS
 *   cannot change is replaced anyway
 */
export const beside = (...properties: string[]) => ({
  // Said here, not left to the provider, which deletes some types first.
  deleteBeforeReplace: false,
  ...(properties.length > 0 ? { replaceOnChanges: properties } : {}),
});
