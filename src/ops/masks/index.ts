export {
  COMPONENT_STATISTICS,
  componentStatistics,
  componentSums,
  connectedComponents,
  selectObject,
} from "./components";
export type { Components, Connectivity, SelectedObject, SelectObjectOptions } from "./components";
