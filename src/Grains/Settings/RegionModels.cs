using System.Collections.Frozen;
using Meridian.Messages;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Settings;

/// <summary>The models of <see cref="RegionOptions"/> by name, and the refusal for unknown models.</summary>
public sealed class RegionModels
{
    private readonly FrozenDictionary<string, ModelOptions> _models;
    private readonly string _known;

    public RegionModels(IOptions<RegionOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _models = options.Value.Models.ToFrozenDictionary(m => m.Name, StringComparer.Ordinal);
        Names = [.. options.Value.Models.Select(m => m.Name)];
        _known = Names.Count == 0 ? "it serves none" : $"it serves {string.Join(", ", Names)}";
        Region = options.Value.Name;
    }

    public string Region { get; }

    /// <value>The names in the order of the configuration.</value>
    public IReadOnlyList<string> Names { get; }

    public ModelOptions? Find(string name) => _models.GetValueOrDefault(name);

    public Refusal NotFound(string name) => new()
    {
        Code = RefusalCode.ModelNotFound,
        Message = $"Region '{Region}' does not serve a model '{name}'; {_known}.",
        Param = "model",
    };
}
