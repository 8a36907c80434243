using Meridian.Federation.Directory;
using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>The edge's own refusals, in words that name the value and the remedy.</summary>
internal static class EdgeRefusals
{
    private const int ComeBackMs = 1000;

    public static InferReply ModelNotFound(Intent intent, string model)
    {
        var names = string.Join(", ", intent.Models.Select(m => m.Name).Order(StringComparer.Ordinal));
        return InferReply.Refuse(RefusalCode.ModelNotFound, $"Model '{model}' does not exist; available: {(names.Length == 0 ? "none" : names)}.", "model");
    }

    public static InferReply ResidencyUnavailable(DirectorySnapshot snapshot, InferRequest request)
    {
        var residency = string.Join(", ", request.Residency!);
        if (residency.Length == 0)
            return InferReply.Refuse(RefusalCode.ResidencyUnavailable, "The request permits no jurisdiction, so no region may serve it; permit at least one.");
        var jurisdictions = string.Join(", ", snapshot.Intent.Regions.Select(r => r.Jurisdiction).Where(j => j.Length > 0).Distinct().Order(StringComparer.Ordinal));
        return InferReply.Refuse(
            RefusalCode.ResidencyUnavailable,
            $"No region in a permitted jurisdiction ({residency}) can serve model '{request.Model}' now; regions exist in: {(jurisdictions.Length == 0 ? "none" : jurisdictions)}. The data was not sent elsewhere.",
            retryAfterMs: ComeBackMs);
    }

    public static InferReply NotReady(InferRequest request) =>
        InferReply.Refuse(RefusalCode.NotReady, $"Model '{request.Model}'{Pin(request)} has no ready replica in any region that may serve it; try again shortly.", retryAfterMs: ComeBackMs);

    public static InferReply RegionLost(DirectorySnapshot snapshot, InferRequest request, int attempts)
    {
        var regions = string.Join(", ", snapshot.Intent.Regions.Select(r => $"{r.Name} is {(snapshot.Views.TryGetValue(r.Name, out var view) ? view.Health : RegionHealth.Unknown)}"));
        return InferReply.Refuse(
            RefusalCode.RegionLost,
            $"No region could serve model '{request.Model}' ({attempts} attempts; {(regions.Length == 0 ? "no region is known yet" : regions)}); try again shortly.",
            retryAfterMs: ComeBackMs);
    }

    public static InferReply NoCapacity(InferRequest request, int retryAfterMs) =>
        InferReply.Refuse(
            RefusalCode.NoCapacity,
            $"All regions that may serve model '{request.Model}' have full queues; try again in {retryAfterMs} ms.",
            retryAfterMs: retryAfterMs);

    public static InferReply Deadline(int deadlineMs, int attempts) =>
        InferReply.Refuse(
            RefusalCode.Deadline,
            $"The deadline of {deadlineMs} ms passed {(attempts == 0 ? "before any region was asked" : $"in attempt {attempts}")}; allow more time or send less in one request.");

    public static InferReply TooLarge(int maxBytes) =>
        InferReply.Refuse(RefusalCode.InvalidInput, $"The request or its answer exceeds {maxBytes} bytes between regions; send fewer or shorter items in one request.", "input");


    private static string Pin(InferRequest request) => (request.Version, request.Variant) switch
    {
        (null, null) => "",
        ({ } version, null) => $" in version '{version}'",
        (null, { } variant) => $" in variant '{variant}'",
        ({ } version, { } variant) => $" in version '{version}', variant '{variant}'",
    };
}
