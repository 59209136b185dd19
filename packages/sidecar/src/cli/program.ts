/** The commands. Each is loaded when it is called: the sidecar's memory should not pay for the others. */
import { Command, Option } from "commander";
import { ALL_SETTINGS } from "../config/settings.ts";
import { VERSION } from "../version.ts";
import type { DoctorArguments } from "./doctor.ts";
import type { LintArguments } from "./lint.ts";
import type { ManifestArguments } from "./manifest.ts";
import type { OverlayArguments } from "./overlay.ts";
import type { StatusArguments } from "./status.ts";
import type { TransferArguments } from "./transfer.ts";

export function program(): Command {
  const root = new Command("vcluster-kube-vip")
    .description("Keeps one address for the API server of a highly available vCluster.")
    .version(VERSION)
    .showHelpAfterError();
  root.addCommand(runCommand());
  root.addCommand(lintCommand());
  root.addCommand(overlayCommand());
  root.addCommand(manifestCommand());
  root.addCommand(doctorCommand());
  root.addCommand(statusCommand());
  root.addCommand(transferCommand());
  return root;
}

function runCommand(): Command {
  const run = new Command("run")
    .description("The sidecar: takes part in the election and, as the holder, serves the VIP, until SIGTERM.")
    .addHelpText(
      "after",
      "\nFlags win over the environment, the environment over vcluster.yaml; see docs/configuration.md.",
    );
  return addSettings(run).action(async (flags: Record<string, string>) => {
    const { runSidecar } = await import("./run.ts");
    await runSidecar(flags);
  });
}

function addSettings(command: Command, without: readonly string[] = []): Command {
  for (const { name, flag, description, defaultText } of ALL_SETTINGS) {
    if (flag === undefined || without.includes(name)) continue;
    const text = defaultText === undefined ? description : `${description} (default: ${defaultText})`;
    command.option(`${flag} <value>`, text);
  }
  return command;
}

const LINT_HELP = `
Values files are read as Helm merges them: later ones win. "-" is standard input.
Exit status: 0 nothing worse than warnings, 1 errors, 2 a file that cannot be read or a wrong command line.
Every finding is explained in docs/lint.md; the text can be piped into "patch -p1".`;

function lintCommand(): Command {
  const lint = new Command("lint")
    .description(
      "Says what is wrong in a vcluster.yaml, what happens if it is left, and the cure, before anything runs.",
    )
    .requiredOption("-f, --values <file>", "a vcluster.yaml; may be repeated", collect)
    .option("--chart-version <version>", "the vCluster chart that it is for, as in 0.34")
    .addOption(
      new Option("--format <format>", "how to say it").choices(["text", "json", "sarif", "github"]).default("text"),
    )
    .addHelpText("after", LINT_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  return lint.action(async (options: LintArguments) => {
    const { runLint } = await import("./lint.ts");
    process.exitCode = await runLint(options);
  });
}

const OVERLAY_HELP = `
Values files are read as Helm merges them: later ones win. "-" is standard input. Give Helm the same files, and the
printed one behind them:
  vcluster-kube-vip overlay -f vcluster.yaml --image REGISTRY/vcluster-kube-vip:TAG > vip.yaml
  helm upgrade --install ... -f vcluster.yaml -f vip.yaml
Exit status: 0 printed, 2 a file that cannot be read or a wrong command line. See docs/overlay.md.`;

function overlayCommand(): Command {
  const overlay = new Command("overlay")
    .description("Prints the values file that adds the sidecar to a vcluster.yaml.")
    .requiredOption("-f, --values <file>", "a vcluster.yaml; may be repeated", collect)
    .option("--image <image>", "where the image was pushed to (default: vcluster-kube-vip with this version)")
    .addOption(
      new Option("--image-pull-policy <policy>", "when it is pulled").choices(["Always", "IfNotPresent", "Never"]),
    )
    .option("--image-pull-secret <name>", "a Secret to pull it with; may be repeated", collect)
    .option("--requests <quantities>", "resource requests (default: cpu=10m,memory=32Mi)")
    .option("--limits <quantities>", "resource limits (default: memory=128Mi)")
    .addHelpText("after", OVERLAY_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  return overlay.action(async (options: OverlayArguments) => {
    const { runOverlay } = await import("./overlay.ts");
    process.exitCode = await runOverlay(options);
  });
}

const MANIFEST_HELP = `
On the first control plane, before "kubeadm init":
  vcluster-kube-vip manifest pod --address 192.168.12.10 --interface eth0 --image REGISTRY/vcluster-kube-vip:TAG \\
    --init > /etc/kubernetes/manifests/kube-vip.yaml
On the others, and there when it has ended, without --init. Flags win over Kubespray's variables, and what was done with
each of these is said on standard error and in the manifest.
Exit status: 0 printed, 2 a file or value that cannot be used or a wrong command line. See docs/bare-control-planes.md.`;

function manifestCommand(): Command {
  const pod = new Command("pod")
    .description("Prints the static pod that serves the VIP of control planes made by kubeadm or Kubespray.")
    .option("--address <address>", "the VIP, as in 192.168.12.10")
    .option("--port <port>", "the API servers' port, which is the VIP's, too (default: 6443)")
    .option(
      "--from-kubespray <file>",
      "group_vars to take kube_vip_* and loadbalancer_apiserver from; may be repeated",
      collect,
    )
    .option("--init", "for the first control plane while kubeadm init runs: with super-admin.conf")
    .option("--image <image>", "where the image was pushed to (default: vcluster-kube-vip with this version)")
    .addOption(
      new Option("--image-pull-policy <policy>", "when it is pulled").choices(["Always", "IfNotPresent", "Never"]),
    )
    .option("--requests <quantities>", "resource requests (default: cpu=10m,memory=32Mi)")
    .option("--limits <quantities>", "resource limits (default: memory=128Mi)")
    .addHelpText("after", MANIFEST_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  addSettings(pod, ["configFile", "endpoint"]).action(async (options: ManifestArguments) => {
    const { runManifest } = await import("./manifest.ts");
    process.exitCode = await runManifest(options);
  });
  return new Command("manifest").description("Prints manifests for where no Helm is.").addCommand(pod);
}

const DOCTOR_HELP = `
In the pod:
  kubectl exec POD -c vcluster-kube-vip -- vcluster-kube-vip doctor
It changes nothing, and ends within 5 s. What "run" was given as flags must be given here, too.
Exit status: 0 nothing worse than warnings, 1 errors, 2 it could not look, or a wrong command line.
Every finding is explained in docs/doctor.md.`;

function doctorCommand(): Command {
  const doctor = new Command("doctor")
    .description("Says what keeps a replica from serving the VIP, from inside its pod, and the cure.")
    .option("--json", "as JSON, for programs")
    .addHelpText("after", DOCTOR_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  return addSettings(doctor).action(async (options: DoctorArguments) => {
    const { runDoctor } = await import("./doctor.ts");
    await runDoctor(options);
  });
}

const STATUS_HELP = `
In a pod it asks this replica and the others:
  kubectl exec -it POD -c vcluster-kube-vip -- vcluster-kube-vip status --watch
From elsewhere, with a kubeconfig of the virtual cluster, it shows the Lease and its Events:
  vcluster-kube-vip status --kubeconfig KUBECONFIG
Exit status: 0 who was asked answered, 1 the sidecar of this pod or the API did not, 2 a wrong command line. See
docs/status.md.`;

function statusCommand(): Command {
  const status = new Command("status")
    .description("Says who holds the VIP and until when, how each replica is, who acknowledged, and the last moves.")
    .option("--json", "as JSON, for programs")
    .option("-w, --watch", "again every second")
    .option("--kubeconfig <file>", "ask the API, with this kubeconfig (default with --context: kubectl's)")
    .option("--context <name>", "ask the API, by this context of the kubeconfig")
    .option("-n, --namespace <name>", "the Lease's namespace (default: kube-system)")
    .addHelpText("after", STATUS_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  return addSettings(status, ["kubeconfig"]).action(async (options: StatusArguments) => {
    const { runStatus } = await import("./status.ts");
    await runStatus(options);
  });
}

const TRANSFER_HELP = `
In the pod that holds the VIP (kubectl get lease -n kube-system vcluster-kube-vip), as the sidecar's own user:
  kubectl exec POD -c vcluster-kube-vip -- vcluster-kube-vip transfer
What "run" was given as flags must be given here, too. No more moves are made than movesMax allows.
Exit status: 0 moved, 1 not moved, 2 the sidecar cannot be asked, or a wrong command line. See docs/transfer.md.`;

function transferCommand(): Command {
  const transfer = new Command("transfer")
    .description("Moves the VIP to another replica, without a lost connection.")
    .argument("[replica]", "the Pod that it goes to (default: the best that could serve it)")
    .option("--json", "as JSON, for programs")
    .addHelpText("after", TRANSFER_HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNUSABLE));
  return addSettings(transfer).action(async (replica: string | undefined, options: TransferArguments) => {
    const { runTransfer } = await import("./transfer.ts");
    process.exitCode = await runTransfer(replica, options);
  });
}

/** Of a command line that cannot be followed. */
const UNUSABLE = 2;

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
