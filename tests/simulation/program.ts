/** What {@link simulation} bundles. */
export { leaveOut as shortcuts } from "../../cli/planner/plan-shortcuts";
export { check } from "./check";
export { histories, play } from "./history";
export { MENDS } from "./mends";
export { onlyWhatVisitorsNeed } from "./small";
