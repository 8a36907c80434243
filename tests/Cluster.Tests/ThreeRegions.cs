using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders;
using Meridian.TestModels;

namespace Meridian.Cluster.Tests;

/// <summary>
/// The dev supervisor with its three regions and a front door, for the tests that leave it as they found it. Besides the built-in embedding model it serves a made
/// language model, <see cref="Made"/>, and the real one, <see cref="Real"/>, where it is at hand.
/// </summary>
public sealed class ThreeRegions : IAsyncLifetime
{
    /// <summary>Name of the made language model.</summary>
    public const string Made = "made";

    /// <summary>Name of stories260k.</summary>
    public const string Real = "stories";

    private readonly TemporaryDirectory _data = new();
    private DevInstallation? _installation;

    public DevInstallation Installation => _installation ?? throw new InvalidOperationException("The installation did not start.");

    public async ValueTask InitializeAsync()
    {
        List<string> models = ["minilm", Made];
        List<string> arguments = ["--model", $"{Made}={MadeModels.Get(KvLayout.Shared)}"];
        if (Stories.Folder is { } stories)
        {
            models.Add(Real);
            arguments.AddRange(["--model", $"{Real}={stories}"]);
        }

        _installation = await DevInstallation.StartAsync(_data.Path, [.. models], null, [.. arguments]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null)
        {
            await _installation.DisposeAsync();
        }

        _data.Dispose();
    }
}
