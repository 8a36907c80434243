using System.Net.Http.Json;
using System.Text.Json;
using Meridian.Inference.Decoders.Contract;
using Meridian.Silo.Processes;
using Meridian.TestModels;

namespace Meridian.Silo.Tests.Processes;

/// <summary><c>--model NAME=DIR</c> through the supervisor to its children.</summary>
[Collection(SiloProcess.Collection)]
public sealed class NamedModelServingTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_damaged_model_is_reported_and_the_region_serves_the_others()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Signals are sent with /bin/sh: run on Linux.");
        }

        var settings = Path.Combine(_data, "settings.json");
        File.WriteAllText(settings, """{ "Meridian": { "Regions": [ { "Name": "north", "Jurisdiction": "eu" } ] } }""");
        var made = MadeModels.Get(KvLayout.Shared);
        var broken = Path.Combine(_data, "broken");
        Directory.CreateDirectory(Path.Combine(broken, "onnx"));
        foreach (var file in new[] { "config.json", "tokenizer.json", "onnx/model.onnx" })
        {
            File.Copy(Path.Combine(made, file), Path.Combine(broken, file));
        }

        var tokenizer = await File.ReadAllTextAsync(Path.Combine(broken, "tokenizer.json"));
        await File.WriteAllTextAsync(Path.Combine(broken, "tokenizer.json"), tokenizer[..(tokenizer.Length / 2)]);

        var package = Directory.CreateDirectory(Path.Combine(_data, "package")).FullName;
        await File.WriteAllTextAsync(Path.Combine(package, "manifest.json"), "{ \"name\": \"package\", ");

        var mixed = Path.Combine(_data, "mixed");
        Directory.CreateDirectory(Path.Combine(mixed, "onnx"));
        foreach (var file in new[] { "tokenizer.json", "onnx/model.onnx" })
        {
            File.Copy(Path.Combine(made, file), Path.Combine(mixed, file));
        }

        var config = await File.ReadAllTextAsync(Path.Combine(made, "config.json"));
        await File.WriteAllTextAsync(Path.Combine(mixed, "config.json"), config.Replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", StringComparison.Ordinal));

        var ports = SiloProcess.FreePorts();
        await using var silo = SiloProcess.Start(
            "--config", settings, "--data", Path.Combine(_data, "data"), "--ports-from", $"{ports}",
            "--model", $"broken={broken}", "--model", $"package={package}", "--model", $"mixed={mixed}", "--model", $"made={made}");
        await silo.UntilAsync(() => silo.Output.Contains("Meridian is ready", StringComparison.Ordinal), "the start-up report is there");

        Assert.Contains("Model broken cannot be installed; the region serves without it.", silo.Output, StringComparison.Ordinal);
        Assert.Contains("is no Hugging Face tokenizer", silo.Output, StringComparison.Ordinal);
        Assert.Contains("Model package cannot be installed; the region serves without it.", silo.Output, StringComparison.Ordinal);
        Assert.Contains("is no readable model manifest", silo.Output, StringComparison.Ordinal);
        Assert.Contains("Model mixed cannot be installed; the region serves without it.", silo.Output, StringComparison.Ordinal);
        Assert.Contains("config.json has 3 layers; the graph has keys and values of 2", silo.Output, StringComparison.Ordinal);
        Assert.Matches("Model made/v1@[0-9a-f]{8}/fp32 is in the model store", silo.Output);

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports}/") };
        var models = (await http.GetFromJsonAsync<JsonElement>("v1/models")).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        Assert.Contains("made", models);
        await silo.UntilAsync(
            async () =>
            {
                using var answer = await http.PostAsJsonAsync("v1/embeddings", new { model = "minilm", input = "Hello" });
                return answer.IsSuccessStatusCode;
            },
            "the other model answers");

        await silo.InterruptAsync();
        Assert.Equal(ExitCode.Ok, await silo.ExitAsync());
    }
}
