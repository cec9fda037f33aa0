// The report of a run on a cube, and what maps say of its rows.
import type { Estimator } from "../../methods";
import type { ClusteringReport, CubeRun } from "../../report";
import { CSOM, ESOM, SOM } from "../../som";

/** What maps say of each row beside its cluster: its unit, and how strongly that answers. */
export function unitsOf(estimator: Estimator): Readonly<Record<string, Int32Array | Float64Array>> {
  if (estimator instanceof ESOM) return { units: estimator.bmu, activation: estimator.activation };
  return estimator instanceof SOM || estimator instanceof CSOM ? { units: estimator.bmu } : {};
}

/** The report of a cube as one HTML file. @param run as of any other data */
export async function reportOfCube(run: ClusteringReport, found: CubeRun): Promise<string> {
  const { clusteredCube, cubeReport, renderCube } = await import("../../report");
  return renderCube(cubeReport(run, found.labels), await clusteredCube(found));
}
