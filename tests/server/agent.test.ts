import assert from "node:assert/strict";
import { Box } from "./box";
import { commandScript } from "./command";

const AGENT = "/opt/aws/amazon-cloudwatch-agent";
/**
 * Stands in for the agent, which AWS serves from outside alone. What it does with configs is what its own script does
 * (aws/amazon-cloudwatch-agent, packaging/dependencies/amazon-cloudwatch-agent-ctl): `append-config` downloads into <source>.tmp beside the
 * configs that are there, stops where they do not go together, and leaves that file lying; else it gives it its name.
 */
const CTL = `#!/bin/bash
echo "$*" >>/calls
dir=${AGENT}/etc/amazon-cloudwatch-agent.d
case "$2" in
  status) echo '{ "status": "running" }' ;;
  append-config)
    mkdir -p $dir
    echo ours >$dir/ssm_config.tmp
    [ ! -e /refuses ] || { echo "Under path : /metrics/namespace | Error : Different values are specified"; exit 1; }
    mv $dir/ssm_config.tmp $dir/ssm_config ;;
  *) exit 2 ;;
esac`;

describe("the agent of a server", function () {
  this.timeout(120_000);
  let box: Box;
  const configure = (version: string) => {
    box.write(
      "/root/_script.sh",
      commandScript("configure.command.yaml", { ConfigParameter: "config", ConfigVersion: version }),
      0o700,
    );
    return box.try("/root/_script.sh");
  };
  const calls = async () =>
    (await box.do("cat /calls 2>/dev/null || true")).split("\n").filter((line) => /append|fetch/.test(line));
  const UPGRADES = `import fcntl, time
held = [open("/var/lib/dpkg/" + name, "w") for name in ("lock-frontend", "lock")]
for lock in held: fcntl.lockf(lock, fcntl.LOCK_EX)
time.sleep(6)`;
  /** A package of the agent's name; apt-get and dpkg are the machine's own. */
  const pack = async (version: string) => {
    box.write(`/package${AGENT}/bin/amazon-cloudwatch-agent-ctl`, CTL, 0o755);
    box.write(`/package${AGENT}/bin/CWAGENT_VERSION`, version);
    box.write(
      "/package/DEBIAN/control",
      `Package: amazon-cloudwatch-agent\nVersion: ${version}\nArchitecture: all\nMaintainer: test\nDescription: test\n`,
    );
    await box.do(`dpkg-deb --build /package /agent-${version}.deb >/dev/null`);
  };

  before(async function () {
    box = await Box.start(this);
    // As it would come from AWS.
    box.write(
      "/usr/local/bin/curl",
      '#!/bin/bash\necho "$*" >>/fetched\nwhile [ "$1" != --output ]; do shift; done; cp /agent-1.300080.deb "$2"\n',
      0o755,
    );
    box.write("/root/upgrades", UPGRADES);
    await pack("1.300044.0b123");
    await pack("1.300080");
    await box.do(
      `mkdir -p ${AGENT}/bin ${AGENT}/etc/amazon-cloudwatch-agent.d; echo theirs >${AGENT}/etc/amazon-cloudwatch-agent.d/file_mine`,
    );
  });
  after(() => box?.stop());

  it("is installed where there is none, and configured beside what is there", async () => {
    const { code, output } = await configure("1");
    assert.equal(code, 0, output);
    assert.match(
      await box.do("cat /fetched"),
      /amazoncloudwatch-agent\.s3\.amazonaws\.com\/ubuntu\/(amd64|arm64)\/latest\//,
    );
    assert.deepEqual(await calls(), ["-a append-config -m ec2 -s -c ssm:config"]);
    assert.equal(
      await box.do(`cd ${AGENT}/etc/amazon-cloudwatch-agent.d && tail -n +1 *`),
      "==> file_mine <==\ntheirs\n\n==> ssm_config <==\nours",
    );
  });

  it("is left alone the next day, and told a config that has changed", async () => {
    await box.do("rm /calls /fetched");
    assert.equal((await configure("1")).code, 0);
    assert.deepEqual(await calls(), []);
    assert.equal((await configure("2")).code, 0);
    assert.equal((await calls()).length, 1);
    assert.equal((await box.try("cat /fetched")).stdout, "", "a new enough one is not installed again");
  });

  it("is brought up to the version that reads the journal", async () => {
    await box.do("dpkg --install /agent-1.300044.0b123.deb 2>&1");
    // While unattended-upgrades installs: it holds dpkg's locks (Debian's dpkg FAQ, "lock-frontend").
    await box.do("rm -f /fetched; systemd-run --quiet --collect --unit=upgrades python3 /root/upgrades; sleep 1");
    const { code, output } = await configure("3");
    assert.equal(code, 0, output);
    assert.equal(await box.do(`cat ${AGENT}/bin/CWAGENT_VERSION`), "1.300080");
  });

  it("keeps its own configs where ours does not go with them, and says so", async () => {
    await box.do("touch /refuses");
    const { code, output } = await configure("4");
    assert.equal(code, 1);
    assert.match(output, /refused config beside the configs in .*, which are as they were/);
    assert.equal(await box.do(`ls ${AGENT}/etc/amazon-cloudwatch-agent.d`), "file_mine\nssm_config");
    // Not taken for applied: the next day tries again.
    await box.do("rm /refuses /calls");
    assert.equal((await configure("4")).code, 0);
    assert.equal((await calls()).length, 1);
  });
});
