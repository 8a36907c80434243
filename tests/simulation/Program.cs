using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meridian.Routing;
using Meridian.Simulation;
using Meridian.Simulation.Model;
using Meridian.Simulation.Strategies;

var scenarios = new Argument<string[]>("scenario") { Description = "Names out of 'list', or files; all where none is named", DefaultValueFactory = _ => [] };
var strategies = new Option<string>("--strategies") { HelpName = "LIST", Description = $"Any of {string.Join(", ", StrategyList.Names)}, separated by commas", DefaultValueFactory = _ => string.Join(',', StrategyList.Names) };
var replicas = new Option<int?>("--replicas") { HelpName = "N", Description = "Replicas a model and region instead of the scenario's" };
var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Also writes the figures there" };
var run = new Command("run", "Runs scenarios with each strategy on the same trace and prints what callers saw.") { scenarios, strategies, replicas, json };
run.SetAction(parsed => Guard(() =>
{
    var results = new List<ScenarioResult>();
    foreach (var path in Scenarios.Resolve(parsed.GetValue(scenarios)!))
    {
        var scenario = Scenario.Read(path);
        var result = Runner.Run(scenario, parsed.GetValue(strategies)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(replicas), Report.Progress);
        Report.Print(scenario, result);
        results.Add(result);
    }

    if (parsed.GetValue(json) is { } file)
        File.WriteAllText(file, JsonSerializer.Serialize(results, ReportJson.Default.ListScenarioResult) + "\n");
}));

var firstMs = new Option<double>("--first-token-ms") { HelpName = "MS", Description = "Time to the first token that 90 % of the requests must keep", DefaultValueFactory = _ => 1000 };
var most = new Option<int>("--most") { HelpName = "N", Description = "Most replicas to try", DefaultValueFactory = _ => 32 };
var provision = new Command("provision", "Finds the fewest replicas with which each strategy keeps a time to the first token, and what they cost.") { scenarios, strategies, firstMs, most };
provision.SetAction(parsed => Guard(() =>
{
    foreach (var path in Scenarios.Resolve(parsed.GetValue(scenarios)!))
    {
        var scenario = Scenario.Read(path);
        Report.Print(scenario, parsed.GetValue(firstMs), Runner.Provision(scenario, parsed.GetValue(strategies)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(firstMs), parsed.GetValue(most), Report.Progress));
    }
}));

var one = new Argument<string>("scenario") { Description = "One that has a surge", DefaultValueFactory = _ => "saturation" };
var strategy = new Option<string>("--strategy") { HelpName = "NAME", Description = "Which strategy", DefaultValueFactory = _ => RoutingPolicyNames.Default };
var svg = new Option<string>("--svg") { HelpName = "FILE", Description = "Where to", Required = true };
var plot = new Command("plot", "Draws a region that is saturated, overflows and takes back.") { one, strategy, svg };
plot.SetAction(parsed => Guard(() =>
    File.WriteAllText(parsed.GetValue(svg)!, Plot.Svg(Scenario.Read(Scenarios.Resolve([parsed.GetValue(one)!]).Single()), parsed.GetValue(strategy)!))));

var list = new Command("list", "Lists the scenarios.");
list.SetAction(parsed => Guard(() =>
{
    foreach (var path in Scenarios.All())
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path),-24} {Scenario.Read(path).Description}"));
}));

var root = new RootCommand("Simulates regions under load on the product's own routing, failure detector and snapshots. Deterministic: the same scenario gives the same figures everywhere.") { run, provision, plot, list };
return root.Parse(args).Invoke();

static int Guard(Action act)
{
    try
    {
        act();
        return 0;
    }
    catch (Exception exception) when (exception is InvalidDataException or IOException)
    {
        Console.Error.WriteLine(exception.Message);
        return 2;
    }
}
