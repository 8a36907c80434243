using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Settings;

/// <summary>
/// The region's <see cref="Catalogue"/> as this process knows it now, and the refusal for models that it does not have. The catalogue follows the intent of the process; in
/// a process without an intent the region's settings decide and nothing changes.
/// </summary>
public sealed class RegionModels
{
    private readonly RegionOptions _region;
    private readonly IIntentSource? _intent;
    private volatile Known _known;

    /// <param name="intent">The intent that this process follows, or null.</param>
    public RegionModels(IOptions<RegionOptions> options, IIntentSource? intent = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _region = options.Value;
        _intent = intent;
        _known = intent is null ? new Known(null, Catalogue.Of(_region)) : Make(intent.Current);
    }

    public string Region => _region.Name;

    /// <value>The newest catalogue.</value>
    public Catalogue Current
    {
        get
        {
            var known = _known;
            if (_intent is null || ReferenceEquals(_intent.Current, known.Intent)) return known.Catalogue;

            // Two threads may do this at the same time. Both results are equal.
            _known = known = Make(_intent.Current);
            return known.Catalogue;
        }
    }

    /// <summary>The model as the region is to serve it, or null.</summary>
    public CatalogueModel? Find(string name) => Current.ByName.GetValueOrDefault(name);

    /// <summary>Waits for a catalogue with a later epoch.</summary>
    public async Task<Catalogue> WaitForChangeAsync(Catalogue known, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(known);
        if (_intent is null)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        else
            await _intent.WaitForChangeAsync(known.Epoch, cancellationToken).ConfigureAwait(false);
        return Current;
    }

    public Refusal NotFound(string name)
    {
        var models = Current.Models;
        return new Refusal
        {
            Code = RefusalCode.ModelNotFound,
            Message = $"Region '{Region}' does not serve a model '{name}'; {(models.Length == 0 ? "it serves none" : $"it serves {string.Join(", ", models.Select(static m => m.Name))}")}.",
            Param = "model",
        };
    }

    private Known Make(Intent intent) => new(intent, Catalogue.Of(intent, _region));

    private sealed record Known(Intent? Intent, Catalogue Catalogue);
}
