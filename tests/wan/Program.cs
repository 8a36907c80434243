using Meridian.Benchmarks;
using Meridian.Wan.Lab;
using Meridian.Wan.Routing;
using Meridian.Wan.Scenarios;

string[] special = [GapComparison.Name, RoutingComparison.Name, SovereigntyCapture.Name];
string[] names = [.. ScenarioCatalog.All.Select(scenario => scenario.Name), .. special];
if (args is ["list"])
{
    foreach (var scenario in ScenarioCatalog.All)
    {
        Console.WriteLine($"{scenario.Name,-18} {scenario.What}");
    }

    Console.WriteLine($"{GapComparison.Name,-18} {GapComparison.What}");
    Console.WriteLine($"{RoutingComparison.Name,-18} {RoutingComparison.What}");
    Console.WriteLine($"{SovereigntyCapture.Name,-18} {SovereigntyCapture.What}");
    return 0;
}

if (WanLab.Missing() is { } missing)
{
    await Console.Error.WriteLineAsync(missing);
    return 2;
}

switch (args)
{
    case ["hold", var site, .. var command] when command.Length > 0:
        // A lab of one site that runs a command until this process ends: for a look at the lab from within, and for the test of what a killed lab leaves.
        await using (var lab = new WanLab())
        {
            var place = lab.AddSite(site);
            var process = place.Start(command[0], command[0], command[1..]);
            Console.WriteLine($"{place.NetworkId} {process.Id}");
            await process.ExitAsync(TimeSpan.FromDays(1));
        }

        return 0;

    case ["all" or "run", ..]:
        var wanted = args[0] == "all" ? names : [.. args.Skip(1).TakeWhile(arg => !arg.StartsWith("--", StringComparison.Ordinal))];
        if (wanted.Length == 0 || wanted.Except(names).Any())
        {
            await Console.Error.WriteLineAsync($"No scenario '{string.Join("', '", wanted.Except(names))}'. There are: {string.Join(", ", names)}.");
            return 1;
        }

        return await RunAsync(wanted, new Arguments(args));

    default:
        await Console.Error.WriteLineAsync(
            """
            usage: wan list
                   wan run NAME... [--before S] [--during S] [--after S] [--embeddings N] [--streams N] [--tokens N] [--restricted N] [--out DIR]
                   wan run routing [--rounds N] [--seconds S] [--rate PER_SECOND] [--out DIR]
                   wan all [...]
                   wan hold SITE COMMAND...
            """);
        return 1;
}

static async Task<int> RunAsync(string[] wanted, Arguments arguments)
{
    var settings = ScenarioSettings.Of(arguments);
    Console.WriteLine(Machine.Describe());
    if (SteppedClock.Missing is { } why && ScenarioCatalog.All.Any(scenario => scenario.Clock && wanted.Contains(scenario.Name)))
    {
        await Console.Error.WriteLineAsync(why);
        return 2;
    }

    var holds = true;
    foreach (var name in wanted)
    {
        switch (name)
        {
            case GapComparison.Name:
                holds &= await GapComparison.RunAsync(settings);
                break;
            case RoutingComparison.Name:
                holds &= await RoutingComparison.RunAsync(settings, arguments);
                break;
            case SovereigntyCapture.Name:
                holds &= await SovereigntyCapture.RunAsync(settings);
                break;
            default:
                (await ScenarioRunner.RunAsync(ScenarioCatalog.All.Single(scenario => scenario.Name == name), settings)).Print();
                break;
        }
    }

    return holds ? 0 : 3;
}
