namespace Meridian.Cluster.Tests.Harness;

/// <summary>Programs that a bare machine lacks. Each says how to get it.</summary>
public static class TestTools
{
    private const string HowToGetNpm = "run `npm ci --prefix tests/tools` and set MERIDIAN_TEST_TOOLS=tests/tools";

    /// <value>The folder that holds node_modules: MERIDIAN_TEST_TOOLS, or tests/tools where its packages are installed; null without.</value>
    public static string? NpmFolder { get; } = FindNpmFolder();

    /// <summary>Node, or why it is missing.</summary>
    public static bool TryNode(string package, out string node, out string reason) =>
        TryFind("node", out node)
            ? (reason = NpmFolder is { } folder && Directory.Exists(Path.Combine(folder, "node_modules", package))
                ? ""
                : $"needs the npm package {package}: {HowToGetNpm}").Length == 0
            : (reason = $"needs Node.js 20 or newer (Debian: `apt-get install nodejs npm`), then {HowToGetNpm}").Length == 0;

    /// <summary>redis-server, or why it is missing.</summary>
    public static bool TryRedisServer(out string program, out string reason)
    {
        reason = "needs redis-server: Debian's `apt-get install redis-server`";
        return TryFind("redis-server", out program);
    }

    /// <summary>Chromium, or why it is missing.</summary>
    public static bool TryChromium(out string program, out string reason)
    {
        reason = "needs Chromium: Debian's `apt-get install chromium`";
        return TryFind("chromium", out program);
    }

    /// <summary>A shell with curl, or why it is missing.</summary>
    public static bool TryShell(out string program, out string reason)
    {
        reason = "needs bash and curl: Debian's `apt-get install bash curl`";
        return TryFind("curl", out _) & TryFind("bash", out program);
    }

    /// <summary>etcd, or why it is missing.</summary>
    public static bool TryEtcd(out string program, out string reason)
    {
        reason = "needs etcd: Debian's `apt-get install etcd-server`";
        return TryFind("etcd", out program);
    }

    public static string NpmProgram(string package, string path) => Path.Combine(NpmFolder!, "node_modules", package, path);

    private static bool TryFind(string program, out string path)
    {
        path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists) ?? "";
        return path.Length > 0;
    }

    private static string? FindNpmFolder()
    {
        var configured = Environment.GetEnvironmentVariable("MERIDIAN_TEST_TOOLS");
        string[] candidates = string.IsNullOrEmpty(configured)
            ? [Path.Combine(Repository.Root, "tests", "tools")]
            : [Path.GetFullPath(configured), Path.GetFullPath(configured, Repository.Root)];
        return candidates.FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, "node_modules")));
    }
}
