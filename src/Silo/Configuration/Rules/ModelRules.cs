using Meridian.Grains;
using Meridian.Inference.Packages;
using Meridian.Silo.Sources;
using Meridian.Specs;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Models</c>.</summary>
internal static class ModelRules
{
    internal static void CheckModels(MeridianOptions options, ICollection<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            var path = $"Models:{i}";
            if (!SettingRules.ModelName().IsMatch(model.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{model.Name}': must be 1 to 96 letters, digits, '.', '_' or '-', starting with a letter or digit.");
            }
            else if (!names.Add(model.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{model.Name}': another model has this name; names must differ.");
            }

            if (string.IsNullOrWhiteSpace(model.Kind))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Kind = '{model.Kind}': must say what the model does, 'embedding' or 'generation'.");
            }

            if (!ModelSources.IsKnown(model.Source))
            {
                mistakes.Add(
                    $"{MeridianOptions.Section}:{path}:Source = '{model.Source}': must be '{ModelSources.MiniLm}' or '{ModelSources.Stories}' (built in), a directory with a {ModelManifestRules.FileName}, or a Hugging Face folder (config.json, tokenizer.json, onnx/model.onnx).");
            }

            foreach (var region in model.Regions)
            {
                if (!options.Regions.Any(r => r.Name == region))
                {
                    mistakes.Add($"{MeridianOptions.Section}:{path}:Regions has '{region}': not one of the configured regions.");
                }
            }

            if (model.Routing is not null)
            {
                SettingRules.CheckPolicy(model.Routing, $"{path}:Routing", mistakes);
            }

            SettingRules.Range(mistakes, $"{path}:HedgeAfterMs", model.HedgeAfterMs, 0, 600_000);
            SettingRules.Range(mistakes, $"{path}:Replicas", model.Replicas, 0, ScaleChange.MaxReplicas);
            foreach (var mistake in SpecRules.Check(model))
            {
                mistakes.Add(mistake.Property switch
                {
                    nameof(ModelEntry.Device) => $"{MeridianOptions.Section}:{path}:Device = '{mistake.Value}': must be cpu:0 or cuda:N.",
                    nameof(ModelEntry.KvCacheBytes) => $"{MeridianOptions.Section}:{path}:KvCacheMiB = {model.KvCacheMiB}: must be 1 to {1 << 20}.",
                    _ => $"{MeridianOptions.Section}:{path}:{mistake.Property} = {mistake.Value}: must be {mistake.Rule}.",
                });
            }
        }
    }
}
