/** The main job as in test/cluster/main-job.test.ts, by the image: three containers with the overlay's securityContext. */
import { inContainer } from "../bed/container.ts";
import { testMainJob } from "../bed/main-job.ts";
import { builtBundle } from "./built-image.ts";

testMainJob(async () => ({ launch: inContainer(await builtBundle()) }));
