/** The commands. Each is loaded when it is called: the sidecar's memory should not pay for the others. */
import { Command } from "commander";
import { ALL_SETTINGS } from "../config/settings.ts";
import { VERSION } from "../version.ts";

export function program(): Command {
  const root = new Command("vcluster-kube-vip")
    .description("Keeps one address for the API server of a highly available vCluster.")
    .version(VERSION)
    .showHelpAfterError();
  root.addCommand(runCommand());
  return root;
}

function runCommand(): Command {
  const run = new Command("run")
    .description("The sidecar: takes part in the election and, as the holder, serves the VIP, until SIGTERM.")
    .addHelpText(
      "after",
      "\nFlags win over the environment, the environment over vcluster.yaml; see docs/configuration.md.",
    );
  for (const { flag, description, defaultText } of ALL_SETTINGS) {
    if (flag === undefined) continue;
    run.option(`${flag} <value>`, defaultText === undefined ? description : `${description} (default: ${defaultText})`);
  }
  return run.action(async (flags: Record<string, string>) => {
    const { runSidecar } = await import("./run.ts");
    await runSidecar(flags);
  });
}
