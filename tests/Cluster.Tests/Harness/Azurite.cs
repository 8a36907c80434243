using System.Globalization;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>Azurite's table service: Azure Tables on this machine.</summary>
public sealed class Azurite : IAsyncDisposable
{
    // Azurite's published development account; it opens nothing but this process's table service on loopback.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly ChildProcess _process;

    private Azurite(ChildProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public string ConnectionString => string.Create(
        CultureInfo.InvariantCulture,
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint=http://127.0.0.1:{Port}/{Account};");

    public static async Task<Azurite> StartAsync(string node, string directory)
    {
        var port = FreePorts.Range(1);
        var process = ChildProcess.Start(
            "azurite-table",
            node,
            [
                TestTools.NpmProgram("azurite", "dist/src/table/main.js"), "--tablePort", port.ToString(CultureInfo.InvariantCulture), "--tableHost", "127.0.0.1",
                "--location", directory, "--skipApiVersionCheck", "--disableTelemetry", "--silent",
            ]);
        await process.LineAsync(line => line.Contains("successfully started", StringComparison.OrdinalIgnoreCase), "that it listens", TimeSpan.FromSeconds(20));
        return new Azurite(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
