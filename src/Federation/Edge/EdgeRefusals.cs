using Meridian.Messages;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Edge;

/// <summary>The refusals that the edge itself gives. Each message names the value and the remedy.</summary>
internal static class EdgeRefusals
{
    private const int ComeBackMs = 1000;

    public static Refusal ModelNotFound(Intent intent, string model)
    {
        var names = string.Join(", ", intent.Models.Select(m => m.Name).Order(StringComparer.Ordinal));
        return Refuse(RefusalCode.ModelNotFound, $"Model '{model}' does not exist; available: {(names.Length == 0 ? "none" : names)}.", "model");
    }

    /// <param name="versions">The versions of the model.</param>
    public static Refusal VersionNotFound(InferRequest request, string versions) =>
        Refuse(RefusalCode.ModelNotFound, $"Model '{request.Model}' has no version '{request.Version}'; it has {versions}.", "model");

    public static Refusal ResidencyUnavailable(DirectorySnapshot snapshot, string model, DataBoundary boundary)
    {
        if (boundary is { Jurisdictions.Length: 0 } or { Regions.Length: 0 })
            return Refuse(RefusalCode.ResidencyUnavailable, "The request permits no jurisdiction, so no region may serve it; permit at least one.");
        var permitted = string.Join(", ", (boundary.Jurisdictions ?? []).Concat(boundary.Regions ?? []));
        var jurisdictions = string.Join(", ", snapshot.Intent.Regions.Select(r => r.Jurisdiction).Where(j => j.Length > 0).Distinct().Order(StringComparer.Ordinal));
        return Refuse(
            RefusalCode.ResidencyUnavailable,
            $"No permitted region ({permitted}) can serve model '{model}' now; regions exist in: {(jurisdictions.Length == 0 ? "none" : jurisdictions)}. The data was not sent elsewhere.",
            retryAfterMs: ComeBackMs);
    }

    /// <param name="problem">Why a region has no ready replica, or null if none says why.</param>
    public static Refusal NotReady(InferRequest request, string? problem) => Refuse(
        RefusalCode.NotReady,
        $"Model '{request.Model}'{Pin(request)} has no ready replica in any region that may serve it{(problem is null ? "" : $" ({problem.TrimEnd('.')})")}; try again shortly.",
        retryAfterMs: ComeBackMs);

    public static Refusal RegionLost(DirectorySnapshot snapshot, InferRequest request, int attempts)
    {
        var regions = string.Join(", ", snapshot.Intent.Regions.Select(r => $"{r.Name} is {(snapshot.Views.TryGetValue(r.Name, out var view) ? view.Health : RegionHealth.Unknown)}"));
        return Refuse(
            RefusalCode.RegionLost,
            $"No region could serve model '{request.Model}' ({attempts} attempts; {(regions.Length == 0 ? "no region is known yet" : regions)}); try again shortly.",
            retryAfterMs: ComeBackMs);
    }

    public static Refusal NoCapacity(InferRequest request, int retryAfterMs) =>
        Refuse(
            RefusalCode.NoCapacity,
            $"All regions that may serve model '{request.Model}' have full queues; try again in {retryAfterMs} ms.",
            retryAfterMs: retryAfterMs);

    public static Refusal Deadline(int deadlineMs, int attempts) =>
        Refuse(
            RefusalCode.Deadline,
            $"The deadline of {deadlineMs} ms passed {(attempts == 0 ? "before any region was asked" : $"in attempt {attempts}")}; allow more time or send less in one request.");

    public static Refusal TooLarge(InferRequest request, int maxBytes) =>
        Refuse(RefusalCode.InvalidInput, $"The request or its answer exceeds {maxBytes} bytes between regions; send fewer or shorter items in one request.", request.Input is EmbeddingInput ? "input" : null);

    /// <param name="tokens">Tokens that had come.</param>
    /// <param name="why">Why the region was lost, or null.</param>
    public static Refusal StreamLost(string region, string requestId, long tokens, string? why = null) =>
        Refuse(RefusalCode.RegionLost, $"Region '{region}' was lost after {tokens} tokens of request {requestId}{(why is null ? "" : $" ({why})")}; send the request again.", retryAfterMs: ComeBackMs);

    /// <param name="tokens">Tokens that had come.</param>
    /// <param name="fault">What was wrong with the region's frames.</param>
    public static Refusal StreamWrong(string region, string requestId, long tokens, string fault) =>
        Refuse(RefusalCode.RegionLost, $"Region '{region}' broke the order of request {requestId} after {tokens} tokens: {fault}; send the request again.", retryAfterMs: ComeBackMs);

    /// <summary>
    /// For a stream that no region can continue. A refusal that would blame the caller's input becomes <see cref="RefusalCode.RegionLost"/>, because a region
    /// has already accepted that input.
    /// </summary>
    /// <param name="tokens">Tokens that had come.</param>
    /// <param name="why">The refusal of the last region or of the edge itself.</param>
    public static Refusal StreamStranded(string region, string requestId, long tokens, StreamHead head, Refusal why) =>
        Refuse(
            why.Code is RefusalCode.NoCapacity or RefusalCode.NotReady or RefusalCode.ResidencyUnavailable or RefusalCode.Internal ? why.Code : RefusalCode.RegionLost,
            $"Region '{region}' was lost after {tokens} tokens of request {requestId}, and no other can go on with version '{head.Version}', variant '{head.Variant}': {why.Message}",
            retryAfterMs: Math.Max(why.RetryAfterMs, ComeBackMs));

    /// <param name="tokens">Tokens that had come.</param>
    public static Refusal StreamDeadline(int deadlineMs, long tokens) =>
        Refuse(RefusalCode.Deadline, $"The deadline of {deadlineMs} ms passed after {tokens} tokens; allow more time or ask for fewer tokens.");

    private static Refusal Refuse(RefusalCode code, string message, string? param = null, int retryAfterMs = 0) =>
        new() { Code = code, Message = message, Param = param, RetryAfterMs = retryAfterMs };

    private static string Pin(InferRequest request) => (request.Version, request.Variant) switch
    {
        (null, null) => "",
        ({ } version, null) => $" in version '{version}'",
        (null, { } variant) => $" in variant '{variant}'",
        ({ } version, { } variant) => $" in version '{version}', variant '{variant}'",
    };
}
