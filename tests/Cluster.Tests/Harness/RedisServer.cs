using System.Globalization;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>Debian's redis-server as a region's store, acknowledging a write only when it is on disk.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private RedisServer(ChildProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static async Task<RedisServer> StartAsync(string program, string directory)
    {
        var port = FreePorts.Range(1);
        var process = ChildProcess.Start(
            "redis-server",
            program,
            [
                "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", directory,
                "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no",
            ]);
        await process.LineAsync(line => line.Contains("Ready to accept connections", StringComparison.Ordinal), "that it is ready", TimeSpan.FromSeconds(10));
        return new RedisServer(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
