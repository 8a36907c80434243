using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Commands;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Commands;

public sealed class ToolCommandsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--help", "make")]
    [InlineData("--help", "import")]
    [InlineData("make --help", "--kv-heads")]
    [InlineData("make --help", "102 million parameters")]
    [InlineData("export --help", "--cache shared --out /tmp/stories")]
    [InlineData("import --help", "--store .meridian/eastus/models")]
    public async Task Help_shows_options_and_examples(string line, string part)
    {
        var (code, output, error) = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains(part, output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains("meridian-tools", output, StringComparison.Ordinal);
        Assert.Empty(error);
    }

    [Theory]
    [InlineData("make", "--out")]
    [InlineData("make --out x --cache paged", "'paged' not recognized")]
    [InlineData("make --out x --precision int3", "'int3' not recognized")]
    [InlineData("make --out x --layers many", "many")]
    [InlineData("make --out x --heads 8 --kv-heads 3", "8 heads cannot share 3 kv-heads evenly")]
    [InlineData("make --out x --hidden 100 --heads 8", "choose hidden as a multiple of twice heads")]
    [InlineData("make --out x --vocabulary 100", "choose at least 261")]
    [InlineData("make --out x --layers 0", "layers 0 is below 1")]
    [InlineData("export x --out y", "--cache")]
    [InlineData("import x --name n", "--store")]
    [InlineData("import x --name ../n --store y", "'../n' cannot name a model")]
    [InlineData("frobnicate", "frobnicate")]
    public async Task A_wrong_command_line_is_named_and_nothing_is_written(string line, string named)
    {
        var (code, _, error) = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists("x"));
    }

    [Theory]
    [InlineData("concatenated", "fp32")]
    [InlineData("shared", "fp32")]
    [InlineData("merged", "fp32")]
    [InlineData("shared", "fp16")]
    public async Task A_made_model_is_imported_and_described(string cache, string precision)
    {
        var model = Path.Combine(_folder.Path, "model");
        var store = Path.Combine(_folder.Path, "store");

        var made = await Tool.RunAsync(
            "make", "--layers", "2", "--hidden", "64", "--heads", "4", "--kv-heads", "2", "--vocabulary", "300", "--context", "128", "--cache", cache, "--precision", precision, "--out", model);
        var imported = await Tool.RunAsync("import", model, "--name", "tiny", "--store", store);

        Assert.Equal((ExitCode.Ok, ""), (made.Code, made.Error));
        Assert.Contains("Writing", made.Output, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Ok, ""), (imported.Code, imported.Error));
        Assert.Matches($"tiny/v1@[0-9a-f]{{8}}/{precision}", imported.Output);
        Assert.Contains("4 on 2 of keys and values, dimension 16", imported.Output, StringComparison.Ordinal);
        Assert.Contains(cache, imported.Output, StringComparison.Ordinal);
        Assert.Contains("128", imported.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', imported.Output);
        var installed = Assert.Single(Directory.GetFiles(store, "manifest.json", SearchOption.AllDirectories));
        Assert.EndsWith(Path.Combine(precision, "manifest.json"), installed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_is_never_overwritten()
    {
        var model = Path.Combine(_folder.Path, "model");
        Directory.CreateDirectory(model);
        File.WriteAllText(Path.Combine(model, "mine.txt"), "mine");

        var (code, _, error) = await Tool.RunAsync("make", "--out", model);

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains("is there already", error, StringComparison.Ordinal);
        Assert.Equal("mine.txt", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(model))));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_command_that_is_stopped_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await ToolCommands.RunAsync(["make", "--out", Path.Combine(_folder.Path, "model")], output, error, cancellationToken: stop.Token);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("Stopped", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task An_export_of_a_damaged_model_leaves_nothing()
    {
        var model = Folders.Copy(MadeModels.Get(KvLayout.Concatenated), Path.Combine(_folder.Path, "model"));
        Folders.Edit(model, "config.json", "\"hidden_size\": 64", "\"hidden_size\": 128");

        var (code, _, error) = await Tool.RunAsync("export", model, "--cache", "shared", "--out", Path.Combine(_folder.Path, "export"));

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("has shape", error, StringComparison.Ordinal);
        Assert.Equal(model, Assert.Single(Directory.GetFileSystemEntries(_folder.Path)));
    }

    [Theory]
    [InlineData("\"model_type\": \"llama\"", "\"model_type\": \"gpt2\"", "model_type gpt2")]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act gelu")]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": { \"rope_type\": \"yarn\" }", "rope scaling yarn")]
    [InlineData("\"attention_bias\": false", "\"attention_bias\": true", "attention_bias true")]
    public async Task An_architecture_that_is_not_written_is_refused_by_name(string old, string replacement, string named)
    {
        var model = Folders.Copy(MadeModels.Get(KvLayout.Concatenated), Path.Combine(_folder.Path, "model"));
        Folders.Edit(model, "config.json", old, replacement);

        var (code, _, error) = await Tool.RunAsync("export", model, "--cache", "shared", "--out", Path.Combine(_folder.Path, "export"));

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }
}
