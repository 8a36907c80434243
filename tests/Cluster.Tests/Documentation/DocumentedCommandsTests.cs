using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;
using Meridian.ModelTools.Commands;
using Meridian.Silo.CommandLine;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>
/// Every command of README.md and docs, against one installation. A block runs in one shell: curl, loops, kill and `meridian-server drain` are real, with the installation's ports and process ids in
/// place of the documented ones. Programs that <see cref="NotRun"/> names are functions that only write down how they were called, which is checked afterwards.
/// </summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed partial class DocumentedCommandsTests(ThreeRegions three)
{
    private const int DocumentedPorts = 8080;
    private const string DocumentedPid = "32656";
    private static readonly string[] Functions = ["dotnet", "meridian-tools", "sudo", "npm", "node", ".ci/run", "tests/tools/fetch-templates.sh"];

    public static TheoryData<string> Blocks => [.. CodeBlock.Commands(Repository.Root).Select(static block => block.ToString())];

    [Theory, MemberData(nameof(Blocks))]
    public async Task The_commands_of(string place)
    {
        if (!TestTools.TryShell(out var shell, out var reason)) Assert.Skip(reason);
        var block = CodeBlock.Commands(Repository.Root).Single(block => block.ToString() == place);
        using var folder = new TemporaryDirectory();
        var calls = Path.Combine(folder.Path, "calls");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "delegated-test-extended-latest"), "arin|US|ipv4|8.8.8.0|256|20000101|allocated|x\n");
        Directory.CreateDirectory(Path.Combine(folder.Path, "stories"));
        await using var process = ChildProcess.Start(place, shell, ["-c", Script(block, calls).Replace(" /tmp/", $" {folder.Path}/", StringComparison.Ordinal)], workingDirectory: folder.Path);
        await process.ExitAsync(TimeSpan.FromMinutes(3));
        Assert.True(process.ExitCode == 0, $"{place} failed.\n{block.Text}\n{process.Tail(60)}");
        foreach (var call in File.Exists(calls) ? await File.ReadAllLinesAsync(calls) : [])
        {
            await CheckAsync(call.Split('\t', StringSplitOptions.RemoveEmptyEntries), folder.Path);
        }

        await RestoreAsync();
    }

    [Fact]
    public void Nothing_is_left_out_that_is_not_there()
    {
        var text = string.Concat(CodeBlock.Commands(Repository.Root).Select(static block => block.Text));
        Assert.All(NotRun.Lines, line => Assert.Contains(line.Part, text, StringComparison.Ordinal));
        Assert.All(NotRun.Programs.Keys, program => Assert.Contains($"{program} ", text, StringComparison.Ordinal));
    }

    private string Script(CodeBlock block, string calls)
    {
        var script = new StringBuilder("set -eo pipefail\n");

        // An answer that is an error fails the block.
        script.AppendLine("""curl() { command curl --fail-with-body -sS --max-time 60 "$@"; }""");
        script.AppendLine(CultureInfo.InvariantCulture, $$"""kill() { local a=("$@"); command kill "${a[@]/{{DocumentedPid}}/{{three.Installation.ProcessOf("eastus")}}}"; }""");
        script.AppendLine(CultureInfo.InvariantCulture, $$"""note() { printf '%s\t' "$@" >> '{{calls}}'; echo >> '{{calls}}'; }""");
        foreach (var function in Functions) script.AppendLine(CultureInfo.InvariantCulture, $$"""{{function}}() { note {{function}} "$@"; }""");
        var server = string.Join(' ', MeridianProgram.Built.Prefix.Prepend(MeridianProgram.Built.Program).Select(static part => $"'{part}'"));
        script.AppendLine(CultureInfo.InvariantCulture, $$"""meridian-server() { if [ "$1" = drain ]; then command {{server}} "$@" --ports-from {{three.Installation.PortsFrom}}; else note meridian-server "$@"; fi; }""");
        foreach (var line in block.Text.Split('\n'))
        {
            if (!NotRun.Lines.Any(left => line.Contains(left.Part, StringComparison.Ordinal)))
            {
                script.AppendLine(DocumentedAddress().Replace(line, match => $"{match.Groups[1].Value}:{int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) - DocumentedPorts + three.Installation.PortsFrom}"));
            }
        }

        return script.ToString();
    }

    /// <summary>A command that was not run: its program is there, and knows the command and its options.</summary>
    private static async Task CheckAsync(string[] call, string folder)
    {
        switch (call)
        {
            case ["meridian-server", .. var arguments]:
                await ServerKnowsAsync(arguments);
                break;
            case ["meridian-tools", .. var arguments]:
                await ToolsKnowAsync(arguments);
                break;
            case ["dotnet", "run", .. var arguments]:
                var project = arguments[Array.IndexOf(arguments, "--project") + 1];
                Assert.True(Directory.Exists(Path.Combine(Repository.Root, project)), $"{string.Join(' ', call)}: there is no {project}");
                var own = arguments.SkipWhile(static argument => argument != "--").Skip(1).ToArray();
                if (project == "src/Silo") await ServerKnowsAsync(own);
                if (project == "src/ModelTools") await ToolsKnowAsync(own);
                if (project == "src/ModelTools" && own[0] == "make") await MakeAsync(own, folder);
                break;
            case ["dotnet", "test"] or ["npm" or "node", ..]:
                break;
            case [".ci/run" or "tests/tools/fetch-templates.sh", ..]:
                Assert.True(File.Exists(Path.Combine(Repository.Root, call[0])), $"{string.Join(' ', call)}: there is no {call[0]}");
                break;
            case ["sudo", "dotnet", "run", "--project", var tool, ..]:
                Assert.True(Directory.Exists(Path.Combine(Repository.Root, tool)), tool);
                break;
            case ["sudo", var program, ..]:
                Assert.True(File.Exists(Path.Combine(Repository.Root, program)), program);
                break;
            default:
                Assert.Fail($"'{string.Join(' ', call)}' is neither run nor checked.");
                break;
        }
    }

    private static async Task ServerKnowsAsync(string[] arguments)
    {
        var (overrides, rest) = Commands.SplitOverrides(arguments);
        var parsed = Commands.Build(overrides).Parse(rest);
        Assert.True(parsed.Errors.Count == 0, $"meridian-server {string.Join(' ', arguments)}: {string.Join(' ', parsed.Errors.Select(static error => error.Message))}");
        await Task.CompletedTask;
    }

    private static async Task ToolsKnowAsync(string[] arguments)
    {
        using var help = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, await ToolCommands.RunAsync([arguments[0], "--help"], help, error));
        Assert.All(arguments.Where(static argument => argument.StartsWith("--", StringComparison.Ordinal)), option => Assert.Contains(option, help.ToString(), StringComparison.Ordinal));
    }

    private static async Task MakeAsync(string[] arguments, string folder)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var target = Path.Combine(folder, "made");
        Assert.True(await ToolCommands.RunAsync([.. arguments.Select(argument => argument.StartsWith("/tmp/", StringComparison.Ordinal) ? target : argument)], output, error) == 0, error.ToString());
        Assert.True(File.Exists(Path.Combine(target, "config.json")));
    }

    /// <summary>Takes back drains, and waits for a region that was killed. The documentation speaks of regions that were just started.</summary>
    private async Task RestoreAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var region in three.Installation.Regions)
        {
            var edge = three.Installation.Facade(region);
            await Eventually.HoldsAsync(
                async token =>
                {
                    using var undone = await http.DeleteAsync(new Uri(edge.Address, "admin/api/drain"), token);
                    return await edge.IsReadyAsync(token) && await NumberedFromZeroAsync(http, new Uri(edge.Address, "admin/api/drain"), token);
                },
                $"{region} is ready after the commands",
                TimeSpan.FromSeconds(90),
                () => three.Installation.Supervisor.Tail(40));
        }

        await three.Installation.ServesAsync("minilm");
    }

    /// <summary>
    /// Whether the region's replica of the model that is drained in the documentation has number 0 and no drain is left. If not, the next step there is taken: a replica's drain keeps its number
    /// free until it is taken back, and the replacement of a drained replica has the least free number.
    /// </summary>
    private static async Task<bool> NumberedFromZeroAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        using var status = JsonDocument.Parse(await http.GetStringAsync(address, cancellationToken));
        var drained = status.RootElement.GetProperty("drains").EnumerateArray()
            .Where(static drain => drain.GetProperty("scope").GetString() == "replica").Select(static drain => drain.GetProperty("replica").GetInt32()).ToArray();
        var loaded = status.RootElement.GetProperty("silos").EnumerateArray().SelectMany(static silo => silo.GetProperty("replicas").EnumerateArray())
            .Select(static replica => replica.GetString()!.Split('/')).Where(static key => key[0] == "minilm").Select(static key => int.Parse(key[^2], CultureInfo.InvariantCulture)).ToArray();
        if (loaded is not [var number]) return false;
        foreach (var gone in drained.Where(drain => drain != number))
        {
            using var undone = await http.DeleteAsync(new Uri(address, $"?scope=replica&model=minilm&replica={gone}"), cancellationToken);
        }

        if (number == 0) return drained.Length == 0;
        if (drained.Contains(number)) return false;
        using var ordered = await http.PostAsJsonAsync(address, new { scope = "replica", model = "minilm", replica = number }, cancellationToken);
        return false;
    }

    [GeneratedRegex(@"(127\.0\.0\.1|localhost):(8[0-2]\d\d)\b")]
    private static partial Regex DocumentedAddress();
}
