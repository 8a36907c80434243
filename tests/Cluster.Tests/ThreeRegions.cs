using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.TestModels;

namespace Meridian.Cluster.Tests;

/// <summary>
/// The dev supervisor with its three regions and a front door, for the tests that leave it as they found it. Besides the two built-in models it serves a made
/// language model, <see cref="Made"/>, and, where they are at hand, the teacher of the built-in one and a quantized one.
/// </summary>
public sealed class ThreeRegions : IAsyncLifetime
{
    /// <summary>Name of the made language model.</summary>
    public const string Made = "made";

    /// <summary>Name of the model that the documentation chats with: a trained one where the machine has it, else the made one.</summary>
    public const string Chat = "nonsense";

    /// <summary>A model of 4-bit weights and 8-bit activations, whose text turns at the smallest difference of arithmetic.</summary>
    public const string Quantized = "int4-256";

    private readonly TemporaryDirectory _data = new();
    private DevInstallation? _installation;

    /// <value>Folders of the served language models by their names.</value>
    public IReadOnlyDictionary<string, string> LanguageModels { get; } = Folders();

    public DevInstallation Installation => _installation ?? throw new InvalidOperationException("The installation did not start.");

    public async ValueTask InitializeAsync()
    {
        var chat = Stories.Find("int4-256") ?? LanguageModels[Made];
        string[] models = ["minilm", Stories.BuiltIn, Chat, .. LanguageModels.Keys];
        _installation = await DevInstallation.StartAsync(_data.Path, models, null, ["--model", $"{Chat}={chat}", .. LanguageModels.SelectMany(model => new[] { "--model", $"{model.Key}={model.Value}" })]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null)
        {
            await _installation.DisposeAsync();
        }

        _data.Dispose();
    }

    private static Dictionary<string, string> Folders()
    {
        var folders = new Dictionary<string, string> { [Made] = MadeModels.Get(KvLayout.Shared) };
        if (Stories.Find(Stories.Teacher) is { } teacher)
        {
            folders[Stories.Teacher] = teacher;
        }

        if (Stories.Find(Quantized) is { } quantized)
        {
            folders[Quantized] = quantized;
        }

        return folders;
    }
}
