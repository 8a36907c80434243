using System.Text.Json;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Commands;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Evaluation;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_same_weights_in_another_layout_agree_on_every_token()
    {
        var json = Path.Combine(_folder.Path, "report.json");

        var (code, output, error) = await Tool.RunAsync(
            "evaluate", MadeModels.Get(KvLayout.Concatenated), "--against", MadeModels.Get(KvLayout.Shared), "--texts", "12", "--length", "24", "--samples", "2", "--threads", "1", "--json", json);

        Assert.Equal(ExitCode.Ok, code);
        Assert.Empty(error);
        Assert.Contains("perplexity", output, StringComparison.Ordinal);
        Assert.Contains("sample 2", output, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        Assert.Equal(1.0, report.RootElement.GetProperty("perplexity_ratio").GetDouble(), 4);
        Assert.InRange(report.RootElement.GetProperty("agreement").GetDouble(), 0.99, 1);
        Assert.Equal(12, report.RootElement.GetProperty("texts").GetInt32());
        Assert.True(report.RootElement.GetProperty("model").GetProperty("tokens_per_second").GetDouble() > 0);
        Assert.Equal(2, report.RootElement.GetProperty("against").GetProperty("samples").GetArrayLength());
    }

    [Fact]
    public async Task Perplexity_on_a_file_is_that_of_the_raw_runtime()
    {
        var (text, json) = (Path.Combine(_folder.Path, "text.txt"), Path.Combine(_folder.Path, "report.json"));
        await File.WriteAllTextAsync(text, "The quick brown fox jumps over the lazy dog. ", TestContext.Current.CancellationToken);
        var model = MadeModels.Get(KvLayout.Concatenated);

        var (code, _, error) = await Tool.RunAsync("evaluate", model, "--text", text, "--samples", "0", "--threads", "1", "--json", json);

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        using var teacher = Meridian.ModelTools.Corpora.TeacherModel.Open(model, 1, 1);
        var ids = teacher.Ids(await File.ReadAllTextAsync(text, TestContext.Current.CancellationToken));
        using var raw = new RawDecoder(model, KvLayout.Concatenated);
        var logits = raw.Append(ids[..^1]);
        var mean = Enumerable.Range(0, logits.Length).Average(i => Math.Log(logits[i].Sum(logit => Math.Exp(logit))) - logits[i][ids[i + 1]]);
        Assert.Equal(Math.Exp(mean), report.RootElement.GetProperty("model").GetProperty("perplexity").GetDouble(), Math.Exp(mean) * 1e-4);
        Assert.Equal(ids.Length - 1, report.RootElement.GetProperty("tokens").GetInt64());
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("agreement").ValueKind);
    }

    [Fact]
    public async Task Models_with_other_tokens_are_not_held_against_each_other()
    {
        var other = Path.Combine(_folder.Path, "other");
        LlamaFolder.Make(other, MadeModels.Config with { Vocabulary = 400 }, 1, KvLayout.Shared);

        var (code, _, error) = await Tool.RunAsync("evaluate", other, "--against", MadeModels.Get(KvLayout.Shared));

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("cannot be held against each other", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate x", "name a file with --text")]
    [InlineData("evaluate x --text /nowhere/text", "'/nowhere/text' is no file")]
    [InlineData("evaluate x --against y --texts 0", "--texts 0 is below 1")]
    [InlineData("evaluate x --against y --temperature 3", "--temperature 3 is not from 0 to 2")]
    [InlineData("evaluate x --against y --prompts /nowhere/p", "'/nowhere/p' is no file")]
    [InlineData("distill --teacher x", "--out")]
    [InlineData("distill --teacher x --out y --hard 2", "--hard 2 is not from 0 to 1")]
    [InlineData("distill --teacher x --out y --steps 10 --warm-up 10", "leaves nothing of --steps 10")]
    [InlineData("distill --teacher x --out y --temperature 0.5", "needs texts drawn at --temperature 1")]
    [InlineData("distill --teacher x --out y --seed 1000003", "evaluations draw their texts with")]
    [InlineData("distill --teacher x --out y --prompts /nowhere/p", "'/nowhere/p' is no file")]
    public async Task A_wrong_command_line_is_named(string line, string named)
    {
        var (code, _, error) = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("distill --help", "--learning-rate")]
    [InlineData("evaluate --help", "--against /models/stories260k")]
    public async Task Help_shows_options_and_examples(string line, string part)
    {
        var (code, output, _) = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains(part, output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_without_a_trainer_says_how_to_get_one()
    {
        var (code, _, error) = await Tool.RunAsync("distill", "--teacher", MadeModels.Get(KvLayout.Shared), "--out", Path.Combine(_folder.Path, "student"));

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("src/Training", error, StringComparison.Ordinal);
    }
}
