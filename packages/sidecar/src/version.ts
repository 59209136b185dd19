/** One version for program, image and chart: package.json's. */
import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
