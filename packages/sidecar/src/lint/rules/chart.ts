/** What the vCluster chart must be able to take. */
import { quote } from "../../config/problem.ts";
import type { Rule } from "../rule.ts";

/** The first with controlPlane.statefulSet.sidecarContainers, and with kubeVip. */
const FIRST_MINOR = 30;

/** "0.34", "v0.34.7", "0.37.0-rc.1"; undefined: no version. */
export function parseChartVersion(text: string): { readonly major: number; readonly minor: number } | undefined {
  const match = /^v?([0-9]{1,4})\.([0-9]{1,4})(\.[0-9]{1,4}(-[0-9a-zA-Z.-]{1,60})?(\+[0-9a-zA-Z.-]{1,60})?)?$/.exec(
    text,
  );
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

const tooOld: Rule = {
  code: "CHART_TOO_OLD",
  severity: "error",
  summary: "The chart has no place for sidecars",
  consequence: "The chart's schema refuses sidecarContainers and kubeVip, and Helm installs nothing.",
  find({ chartVersion, source }) {
    const version = chartVersion === undefined ? undefined : parseChartVersion(chartVersion);
    if (chartVersion === undefined || version === undefined) return [];
    if (version.major > 0 || version.minor >= FIRST_MINOR) return [];
    const message = `expected a vCluster chart of version 0.${FIRST_MINOR} or later, which is the first to have sidecarContainers, but found ${quote(chartVersion)}: update the chart`;
    return [{ field: "--chart-version", position: source.positionAt(0), message, patch: undefined }];
  },
};

export const CHART_RULES: readonly Rule[] = [tooOld];
