using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meridian.CommandLine;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.Store;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;
using Meridian.Silo.Sources;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.CommandLine;

/// <summary>
/// <c>meridian-server store</c>: puts model files into the model stores of regions on this machine, and lists them. The admin API takes no paths: it names versions whose files are
/// there already. A region may run meanwhile.
/// </summary>
internal static class StoreCommand
{
    public static Command Build(CommonOptions common, IReadOnlyList<string> overrides) => new("store", "Puts model files into the regions' model stores, and lists them.")
    {
        Add(common, overrides),
        List(common, overrides),
    };

    private static Command Add(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var folder = new Argument<string>("FOLDER") { Description = $"A model package, a Hugging Face folder, or {ModelSources.MiniLm} or {ModelSources.Stories} (built in)" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "Name of the model [default: the folder's]" };
        var label = new Option<string>("--label") { HelpName = "TEXT", Description = "Beginning of the version's name, before its digest, for a Hugging Face folder", DefaultValueFactory = _ => "v1" };
        var regions = Regions();
        var command = new Command("add", "Puts a model into the store of every region, or of some.") { folder, name, label, regions };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var plans = Plans(common, overrides, parsed, regions);
            var path = parsed.GetValue(folder)!;
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                ModelPackage? package = null;
                foreach (var plan in plans)
                {
                    var source = Source(parsed.GetValue(name), path, parsed.GetValue(label)!, output);
                    package = await StoreOf(plan).InstallAsync(source, cancellationToken);
                    await output.WriteLineAsync($"{plan.Name}: {package.Manifest.Id} is in {package.Directory}");
                }

                await TellAsync(output, package!, plans[0]);
                return ExitCode.Ok;
            }
            catch (ModelPackageException e)
            {
                await error.WriteLineAsync(e.Message);
                return ExitCode.Mistake;
            }
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server store add /models/qwen --name qwen              into every configured region's store below --data",
            "meridian-server store add /models/qwen --name qwen --label v2   a second version of it",
            "meridian-server store add /models/qwen --region westeurope      into one region's store");
        return command;
    }

    private static Command List(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var regions = Regions();
        var command = new Command("list", "Lists the models in the stores: region, model/version/variant, size, SHA-256 of the manifest.") { regions };
        command.SetAction(async (parsed, _) =>
        {
            var plans = Plans(common, overrides, parsed, regions);
            foreach (var plan in plans)
            {
                foreach (var package in StoreOf(plan).List())
                {
                    await parsed.InvocationConfiguration.Output.WriteLineAsync(
                        string.Create(CultureInfo.InvariantCulture, $"{plan.Name}  {package.Manifest.Id}  {package.Manifest.Files.Sum(static f => f.Size)} bytes  {package.ManifestDigest()}"));
                }
            }

            return ExitCode.Ok;
        });
        HelpWithExamples.AddTo(command, "meridian-server store list                       of all regions", "meridian-server store list --region westeurope   of one");
        return command;
    }

    private static Option<string[]> Regions() => new("--region")
    {
        HelpName = "REGION",
        Description = "Region whose store is meant, one of Meridian:Regions; may be repeated [default: all]",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    private static IReadOnlyList<RegionPlan> Plans(CommonOptions common, IReadOnlyList<string> overrides, ParseResult parsed, Option<string[]> regions)
    {
        var options = MeridianConfiguration.Read(MeridianConfiguration.Load(parsed.GetValue(common.Config), overrides, common.Settings(parsed), common.Models(parsed)));
        var names = parsed.GetValue(regions) ?? [];
        var plans = RegionPlan.All(options);
        var mistakes = names.Where(name => !plans.Any(plan => plan.Name == name))
            .Select(name => $"--region is '{name}', which is none of {string.Join(", ", plans.Select(static plan => plan.Name))}.").ToArray();
        return mistakes.Length > 0 ? throw new MistakesException(mistakes) : names.Length == 0 ? plans : [.. plans.Where(plan => names.Contains(plan.Name))];
    }

    private static IModelSource Source(string? name, string path, string label, TextWriter output)
    {
        if (path is ModelSources.MiniLm or ModelSources.Stories) return ModelSources.Find(name ?? path, path)!;
        var folder = Path.GetFullPath(path);
        if (!ModelSources.IsKnown(folder))
        {
            throw new ModelPackageException(
                folder, $"'{folder}' is no model: it must be a directory with a {ModelManifestRules.FileName}, or a Hugging Face folder (config.json, tokenizer.json, onnx/model.onnx).");
        }

        var called = name ?? Path.GetFileName(folder.TrimEnd(Path.DirectorySeparatorChar));
        return ModelSources.Find(called, folder) is DirectorySource source ? source : new HuggingFaceSource(called, folder, label: label) { Progress = new LineProgress(output) };
    }

    private static ModelStore StoreOf(RegionPlan plan) =>
        new(Options.Create(new ModelStoreOptions { Root = Path.Combine(plan.Data, "models") }), TimeProvider.System, NullLogger<ModelStore>.Instance);

    /// <summary>Prints the changes of the admin API that serve the version.</summary>
    private static Task TellAsync(TextWriter output, ModelPackage package, RegionPlan region)
    {
        var manifest = package.Manifest;
        var model = JsonSerializer.Serialize(new
        {
            kind = manifest.Kind,
            owned_by = manifest.OwnedBy,
            created = manifest.Created,
            versions = new[] { new { name = manifest.Version, variants = new[] { new { name = manifest.Variant, manifest = package.ManifestDigest() } } } },
        });
        var deployment = JsonSerializer.Serialize(new { version = manifest.Version });
        var address = $"{region.Facade.GetLeftPart(UriPartial.Authority)}/admin/api/directory";
        return output.WriteLineAsync(
            $"""

            Serve it in every region with these two changes (a model that exists keeps its other versions if you list them, too):
              curl -X PUT {address}/model/{manifest.Name} -H 'content-type: application/json' -d '{model}'
              curl -X PUT {address}/deployment/{manifest.Name} -H 'content-type: application/json' -d '{deployment}'
            """);
    }

    /// <summary>Prints the stages of an import as they begin.</summary>
    private sealed class LineProgress(TextWriter output) : IProgress<ImportProgress>
    {
        private ImportStage? _stage;

        public void Report(ImportProgress value)
        {
            if (_stage == value.Stage) return;
            _stage = value.Stage;
            output.WriteLine($"{value.Stage} ...");
        }
    }
}
