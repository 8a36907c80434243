using System.CommandLine;
using System.Globalization;
using Meridian.CommandLine;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Dev;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;

namespace Meridian.Silo.CommandLine;

/// <summary>The command line: <c>meridian-server</c> alone, and with <c>region</c>, <c>front-door</c>, <c>witness</c>, <c>drain</c>, <c>store</c> and <c>recover</c>.</summary>
public static class Commands
{
    private const string OverridesHelp = "Any setting can also be given as --Meridian:Path:To:Setting=VALUE or in the environment as MERIDIAN__PATH__TO__SETTING=VALUE.";

    private static readonly string[] Sections = [MeridianOptions.Section, "Logging"];

    /// <summary>Parses and runs a command. It never throws for a user's mistake; it writes a message to <paramref name="error"/>.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var (overrides, rest) = SplitOverrides(args);
        if (overrides.FirstOrDefault(static setting => setting.StartsWith("--", StringComparison.Ordinal) && !IsSetting(setting)) is { } stray)
        {
            var section = stray[2..].Split(':')[0];
            await error.WriteLineAsync($"{stray}: no such section as '{section}'.{(ParseMistakes.Closest(section, Sections) is { } meant ? $" Did you mean '{meant}'?" : $" Settings begin with {string.Join(" or ", Sections)}.")}");
            return ExitCode.Mistake;
        }

        var parsed = Build(overrides).Parse(rest);
        if (parsed.Errors.Count > 0)
        {
            foreach (var mistake in ParseMistakes.InWords(parsed))
            {
                await error.WriteLineAsync(mistake);
            }

            await error.WriteLineAsync($"See --help{(parsed.CommandResult.Command is RootCommand ? "" : $" or {parsed.CommandResult.Command.Name} --help")}.");
            return ExitCode.Mistake;
        }

        try
        {
            // The host or the supervisor handles signals and stops in order. The parser's own handling would interrupt that.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (MistakesException e)
        {
            await error.WriteLineAsync(Secrets.RedactLine(e.Message));
            return ExitCode.Mistake;
        }
        catch (StartRefusedException e)
        {
            await error.WriteLineAsync(Secrets.RedactLine(e.Message));
            return ExitCode.Unavailable;
        }
        catch (Exception e)
        {
            // A bug of ours. The stack trace is useful for it; a core dump is not.
            await error.WriteLineAsync(Secrets.RedactLine($"Failed: {e}"));
            return ExitCode.Failed;
        }
    }

    /// <summary>
    /// Takes out the <c>--Section:Key=value</c> (or <c>--Section:Key value</c>) arguments, which only the configuration understands.
    /// The remaining arguments are parsed strictly, so a misspelt option is an error.
    /// </summary>
    public static (string[] Overrides, string[] Remaining) SplitOverrides(IReadOnlyList<string> args)
    {
        var overrides = new List<string>();
        var rest = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i].Split('=', 2)[0];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !name.Contains(':', StringComparison.Ordinal))
            {
                rest.Add(args[i]);
                continue;
            }

            overrides.Add(args[i]);
            if (name.Length == args[i].Length && i + 1 < args.Count)
            {
                overrides.Add(args[++i]);
            }
        }

        return ([.. overrides], [.. rest]);
    }

    private static bool IsSetting(string argument) => Array.Exists(Sections, section => argument.StartsWith($"--{section}:", StringComparison.OrdinalIgnoreCase));

    /// <summary>Builds the tree of commands.</summary>
    /// <param name="overrides"><c>--Section:Key=value</c> arguments that override the settings.</param>
    public static RootCommand Build(IReadOnlyList<string> overrides)
    {
        var common = new CommonOptions();
        var root = new RootCommand($"Meridian serves models from several regions as one service. Without a command: three regions and a front door on this machine. {OverridesHelp}");
        common.AddTo(root);
        root.SetAction((parsed, _) => SuperviseAsync(parsed, common, overrides));
        root.Subcommands.Add(Region(common, overrides));
        root.Subcommands.Add(FrontDoor(common, overrides));
        root.Subcommands.Add(Witness(common, overrides));
        root.Subcommands.Add(DrainCommand.Build(common, overrides));
        root.Subcommands.Add(StoreCommand.Build(common, overrides));
        root.Subcommands.Add(Recover(common, overrides));
        HelpWithExamples.AddTo(
            root,
            "meridian-server                                              three regions and a front door on ports 8080 and up",
            "meridian-server --ports-from 9000 --data /tmp/meridian       elsewhere",
            "meridian-server --model stories=/models/stories260k          serves a Hugging Face folder, too",
            "meridian-server region --name westeurope                     one region, as in production",
            "meridian-server front-door                                   an edge without a region",
            "meridian-server witness --name arbiter                       a third vote beside two regions",
            "meridian-server drain --region westeurope --wait             empties a region before it is stopped",
            "meridian-server store add /models/qwen --name qwen           puts a model's files into the regions' stores",
            "meridian-server recover --name westeurope                    what it would cost to go on after a lost majority",
            "meridian-server --Meridian:Models:0:Replicas=2               any setting on the command line");
        return root;
    }

    private static Command Region(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var name = new Option<string?>("--name") { HelpName = "REGION", Description = $"Region to run, one of Meridian:Regions [{CommonOptions.Path("Region")}]" };
        var roles = new Option<string?>("--roles") { HelpName = "LIST", Description = $"Any of store, control, silo, facade, separated by commas [{CommonOptions.Path("Process:Roles")}; default: all]" };
        var urls = new Option<string?>("--urls") { HelpName = "URL", Description = $"Address the facade listens on; loopback only [{CommonOptions.Path("Process:FacadeUrl")}]" };
        var protocol = new Option<string?>("--protocol-url") { HelpName = "URL", Description = $"Address the region protocol listens on; loopback only [{CommonOptions.Path("Process:ProtocolUrl")}]" };
        var silo = new Option<int?>("--silo-port") { HelpName = "PORT", Description = $"Port for other silos of the region [{CommonOptions.Path("Process:SiloPort")}]" };
        var gateway = new Option<int?>("--gateway-port") { HelpName = "PORT", Description = $"Port for Orleans clients of the region [{CommonOptions.Path("Process:GatewayPort")}]" };
        var store = new Option<int?>("--store-port") { HelpName = "PORT", Description = $"Port of the embedded store [{CommonOptions.Path("Process:StorePort")}]" };
        var acceptLoss = new Option<bool>("--accept-store-loss")
        {
            Description = $"Start although files of the embedded store are missing or damaged, with what is left of it [{CommonOptions.Path("Process:AcceptStoreLoss")}]",
        };
        var command = new Command("region", "Runs a region, or a part of one.") { name, roles, urls, protocol, silo, gateway, store, acceptLoss, common.Model, common.ExitWithInput };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var configuration = MeridianConfiguration.Load(parsed.GetValue(common.Config), overrides,
            [
                .. common.Settings(parsed),
                new(CommonOptions.Path("Region"), parsed.GetValue(name)),
                new(CommonOptions.Path("Process:Roles"), parsed.GetValue(roles)),
                new(CommonOptions.Path("Process:FacadeUrl"), parsed.GetValue(urls)),
                new(CommonOptions.Path("Process:ProtocolUrl"), parsed.GetValue(protocol)),
                new(CommonOptions.Path("Process:SiloPort"), Text(parsed.GetValue(silo))),
                new(CommonOptions.Path("Process:GatewayPort"), Text(parsed.GetValue(gateway))),
                new(CommonOptions.Path("Process:StorePort"), Text(parsed.GetValue(store))),
                new(CommonOptions.Path("Process:AcceptStoreLoss"), parsed.GetValue(acceptLoss) ? "true" : null),
            ], common.Models(parsed));
            return await ProcessRunner.RunAsync(() => RegionHost.Build(configuration, new RegionHostHooks { ExitWithInput = parsed.GetValue(common.ExitWithInput) }), cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server region --name eastus                                               a whole region in one process",
            "meridian-server region --name eastus --roles silo --silo-port 8151 --gateway-port 8152",
            "                                                                                   a second silo of that region",
            "meridian-server region --name eastus --Meridian:Store:Kind=Redis --Meridian:Store:ConnectionString=localhost:6379",
            "                                                                                   state in a Redis of your own");
        return command;
    }

    private static Command FrontDoor(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = $"Name under which operators see it [{CommonOptions.Path("FrontDoor:Name")}; default: front-door]" };
        var urls = new Option<string?>("--urls") { HelpName = "URL", Description = $"Address it listens on; loopback only [{CommonOptions.Path("FrontDoor:Url")}]" };
        var command = new Command("front-door", "Runs an edge without a region: it sends each request to the best region.") { name, urls, common.Model, common.ExitWithInput };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var configuration = MeridianConfiguration.Load(parsed.GetValue(common.Config), overrides,
            [
                .. common.Settings(parsed),
                new(CommonOptions.Path("FrontDoor:Name"), parsed.GetValue(name)),
                new(CommonOptions.Path("FrontDoor:Url"), parsed.GetValue(urls)),
            ], common.Models(parsed));
            return await ProcessRunner.RunAsync(() => FrontDoorHost.Build(configuration, parsed.GetValue(common.ExitWithInput)), cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server front-door                                            on port 8080",
            "meridian-server front-door --name second --urls http://127.0.0.1:8070  another one");
        return command;
    }

    private static Command Witness(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = $"Witness to run, one of Meridian:Intent:Witnesses [{CommonOptions.Path("Intent:Witness")}]" };
        var command = new Command("witness", "Runs a voter of the intent log without a region, so that of two regions either may be lost.") { name, common.Model, common.ExitWithInput };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var configuration = MeridianConfiguration.Load(
                parsed.GetValue(common.Config), overrides, [.. common.Settings(parsed), new(CommonOptions.Path("Intent:Witness"), parsed.GetValue(name))], common.Models(parsed));
            return await ProcessRunner.RunAsync(() => WitnessHost.Build(configuration, parsed.GetValue(common.ExitWithInput)), cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server witness --name arbiter --config meridian.json   with the settings that both regions have, Meridian:Intent:Witnesses among them");
        return command;
    }

    private static Command Recover(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var name = new Option<string?>("--name") { HelpName = "REGION", Description = $"Region that is to decide alone, one of Meridian:Regions [{CommonOptions.Path("Region")}]" };
        var yes = new Option<bool>("--yes") { Description = "Do it; without, it is only said what would be given up" };
        var command = new Command(
            "recover",
            "For a lost majority: makes this region's voter of the intent log decide alone, after saying what that gives up. On the region's machine, with its process stopped. "
            + $"Exit codes: {ExitCode.Ok} done, {ExitCode.Mistake} nothing done (no --yes, or wrong settings), {ExitCode.Unavailable} impossible (the process runs, or the directory holds no log).")
        {
            name, yes, common.Model,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var configuration = MeridianConfiguration.Load(
                parsed.GetValue(common.Config), overrides, [.. common.Settings(parsed), new(CommonOptions.Path("Region"), parsed.GetValue(name))], common.Models(parsed));
            return IntentRecovery.RunAsync(configuration, parsed.GetValue(yes), parsed.InvocationConfiguration.Output, cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server recover --name eastus --data /var/lib/meridian         says what would be given up; changes nothing",
            "meridian-server recover --name eastus --data /var/lib/meridian --yes   does it");
        return command;
    }

    private static Task<int> SuperviseAsync(ParseResult parsed, CommonOptions common, IReadOnlyList<string> overrides)
    {
        var file = parsed.GetValue(common.Config);
        var models = common.Models(parsed);
        var configuration = MeridianConfiguration.Load(file, overrides, common.Settings(parsed), models);
        var options = MeridianConfiguration.Read(configuration);
        List<string> shared = ["--data", Path.GetFullPath(options.Data), "--ports-from", Text(options.PortsFrom)!];
        if (file is not null)
        {
            shared.AddRange(["--config", Path.GetFullPath(file)]);
        }

        foreach (var model in models)
        {
            shared.AddRange(["--model", model.ToString()]);
        }

        shared.AddRange(overrides);
        var colour = OutputPrefixer.WantsColour(Console.IsOutputRedirected, Environment.GetEnvironmentVariable("NO_COLOR"));
        return new Supervisor(options, new SupervisorArguments(shared), new DevConsole(Console.Out, colour), TimeProvider.System).RunAsync();
    }

    private static string? Text(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
