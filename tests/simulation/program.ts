/** What {@link simulation} bundles. */
export { check } from "./check";
export { shortcuts } from "./engine";
export { histories, play } from "./history";
export { MENDS } from "./mends";
export { onlyWhatVisitorsNeed } from "./small";
