/** The main job by the shipped file. By the image: test/image/main-job.test.ts. */
import { testMainJob } from "../bed/main-job.ts";

testMainJob(async () => ({}));
