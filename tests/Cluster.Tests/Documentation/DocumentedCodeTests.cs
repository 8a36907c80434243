using System.Text;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>The C# and JSON of README.md and docs: code compiles, settings are taken, answers are JSON.</summary>
public sealed class DocumentedCodeTests
{
    /// <summary>Source files that are compiled, by the document whose code they hold.</summary>
    private static readonly Dictionary<string, string> Compiled = new(StringComparer.Ordinal)
    {
        ["README.md"] = "tests/Cluster.Tests/Documentation/ReadmeCode.cs",
        ["docs/wan-lab.md"] = "tests/Wan.Tests/LabCode.cs",
    };

    public static TheoryData<string> Code => [.. CodeBlock.All(Repository.Root, "csharp").Select(static block => block.ToString())];

    public static TheoryData<string> Json => [.. CodeBlock.All(Repository.Root, "json").Select(static block => block.ToString())];

    [Theory, MemberData(nameof(Code))]
    public void The_code_of(string place)
    {
        var block = CodeBlock.All(Repository.Root, "csharp").Single(block => block.ToString() == place);
        var compiled = Lines(File.ReadAllText(Path.Combine(Repository.Root, Compiled[block.File])));

        Assert.Contains(Lines(block.Text), compiled, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Json))]
    public void The_settings_and_answers_of(string place)
    {
        var block = CodeBlock.All(Repository.Root, "json").Single(block => block.ToString() == place);
        var documents = 0;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(block.Text), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            using var document = JsonDocument.ParseValue(ref reader);
            documents++;
            if (document.RootElement.TryGetProperty(MeridianOptions.Section, out _)) TakeSettings(document.RootElement);
        }

        Assert.True(documents > 0, "The block is empty.");
    }

    /// <summary>Reads settings as a region does; a name or value that it does not know is an error. Files that the documents name are replaced by files that are there.</summary>
    private static void TakeSettings(JsonElement settings)
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "settings.json");
        var networks = Path.Combine(folder.Path, "networks.csv");
        File.WriteAllText(networks, "8.8.8.0/24,US\n");
        File.WriteAllText(file, settings.GetRawText()
            .Replace("/etc/meridian/networks.csv", networks, StringComparison.Ordinal)
            .Replace("/models/stories260k", Path.Combine(Repository.Root, "models", "stories"), StringComparison.Ordinal));
        _ = MeridianConfiguration.Read(MeridianConfiguration.Load(file, [], []));
    }

    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)) + "\n";
}
