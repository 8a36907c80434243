using System.Globalization;
using System.Text;
using Meridian.Client.Regions;
using Meridian.Client.Routing;
using Meridian.Client.Streams;
using Meridian.Errors;
using Meridian.Messages;
using Meridian.Routing.Attempts;
using Microsoft.Extensions.Logging;

namespace Meridian.Client.Calls;

/// <summary>
/// The failover loop of an edge: the client owns the retries of its requests. A request has one budget of attempts and one deadline, and every attempt is
/// linked to the loss of its connection. <see cref="AttemptRules"/> decides what follows an attempt, as at every edge.
/// </summary>
internal sealed partial class MeridianClient(RegionPool pool, ILogger<MeridianClient> logger, TimeProvider time) : IMeridianClient
{
    /// <summary>Pause between two rounds over regions that answered without a result. It is multiplied by the number of attempts made.</summary>
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Pause before the regions are asked again for a model that they are loading.</summary>
    private static readonly TimeSpan LoadingPause = TimeSpan.FromMilliseconds(500);

    private readonly ILogger _logger = logger;

    public IReadOnlyList<RegionConnection> Regions
    {
        get
        {
            var regions = new RegionConnection[pool.Links.Length];
            for (var i = 0; i < regions.Length; i++)
                regions[i] = pool.Links[i].Snapshot();
            return regions;
        }
    }

    public string? HomeRegion(string? model = null) => pool.Home(model ?? pool.Options.DefaultModel);

    public IClusterClient GetClusterClient(string region)
    {
        foreach (var link in pool.Links)
        {
            if (link.Name == region)
                return link.GetClusterClient();
        }

        throw new ArgumentException($"Region '{region}' is not configured; there are {string.Join(", ", pool.Links.Select(l => l.Name))}.", nameof(region));
    }

    public async Task WaitUntilAsync(Func<IReadOnlyList<RegionConnection>, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        pool.Start();
        while (true)
        {
            var changed = pool.Changed;
            if (condition(Regions))
                return;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<InferResult> InferAsync(InferInput input, string? model = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return InferAsync(
            new InferRequest { RequestId = "", Model = model ?? pool.Options.DefaultModel, Tenant = pool.Options.Tenant, RemainingMs = 0, Input = input },
            cancellationToken);
    }

    public Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var budget = Budget(pool.Options.Deadline, request);
        return SendAsync(
            request,
            budget,
            budget,
            static (link, connection, sent, token) => link.InferAsync(connection, sent, token),
            cancellationToken);
    }

    public Task<IMeridianStream> OpenAsync(GenerationInput input, string? model = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return OpenAsync(
            new InferRequest
            {
                RequestId = "",
                Model = model ?? pool.Options.DefaultChatModel ?? throw new ArgumentException("No model is named, neither here nor by the options' DefaultChatModel.", nameof(model)),
                Tenant = pool.Options.Tenant,
                RemainingMs = 0,
                Input = input,
            },
            cancellationToken);
    }

    public Task<IMeridianStream> OpenAsync(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Input is not GenerationInput)
            throw new ArgumentException($"Input is {request.Input?.GetType().Name ?? "null"}: only a {nameof(GenerationInput)} is answered by a stream.", nameof(request));

        var whole = Budget(pool.Options.StreamDeadline, request);
        return OpenAsync(request, Budget(pool.Options.Deadline, request), whole, cancellationToken);
    }

    private async Task<IMeridianStream> OpenAsync(InferRequest request, TimeSpan first, TimeSpan whole, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var leg = await OpenLegAsync(request, first, whole, whole, null, cancellationToken).ConfigureAwait(false);
        return new MovingStream(
            leg,
            request,
            pool.Options.Attempts,
            (onward, loss, token) =>
            {
                var left = whole - time.GetElapsedTime(started);
                return left > TimeSpan.Zero
                    ? OpenLegAsync(onward, pool.Options.Deadline, left, whole, loss, token)
                    : throw Refused(MeridianStream.Late(whole), null);
            });
    }

    /// <summary>Opens a stream in one region.</summary>
    /// <param name="request">The text to generate.</param>
    /// <param name="first">Time limit for the first frame.</param>
    /// <param name="left">Time limit for the last frame.</param>
    /// <param name="whole">Total time limit of the stream, for messages.</param>
    /// <param name="loss">The loss that the stream moves away from, or null for the first leg.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    private Task<MeridianStream> OpenLegAsync(
        InferRequest request, TimeSpan first, TimeSpan left, TimeSpan whole, LegLoss? loss, CancellationToken cancellationToken) => SendAsync(
        request,
        first < left ? first : left,
        left,
        async (link, connection, sent, token) =>
        {
            var sentAt = time.GetTimestamp();
            var (opened, refusal) = await link.OpenAsync(connection, sent, token).ConfigureAwait(false);
            if (opened is null)
                return new(null, refusal);
            var rest = TimeSpan.FromMilliseconds(sent.RemainingMs) - time.GetElapsedTime(sentAt);
            return new Answer<MeridianStream>(new MeridianStream(link, connection, sent, opened, rest, whole, time), null);
        },
        cancellationToken,
        loss);

    /// <summary>The failover loop, for every kind of request.</summary>
    /// <param name="request">The request as the caller made it.</param>
    /// <param name="limit">Time limit for an answer, all attempts together.</param>
    /// <param name="whole">Time limit for the region's work, which may go on after its answer.</param>
    /// <param name="send">Makes one attempt.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    /// <param name="loss">The loss that a stream moves away from, or null.</param>
    private async Task<T> SendAsync<T>(
        InferRequest request, TimeSpan limit, TimeSpan whole, Attempt<T> send, CancellationToken cancellationToken, LegLoss? loss = null)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        pool.Start();

        var started = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(limit, time);

        var residency = ResidencyRule.Intersect(pool.Residency, request.Residency);
        var id = string.IsNullOrEmpty(request.RequestId) ? Guid.NewGuid().ToString("N") : request.RequestId;
        var budget = new AttemptBudget(pool.Options.Attempts, (int)Math.Min(limit.TotalMilliseconds, int.MaxValue));
        loss?.Enter(budget);
        Refusal? refusal = null;
        var missing = true;

        // A region without a ready replica has called no shard, so asking again costs the regions nothing.
        var loading = true;
        Exception? cause = null;
        try
        {
            while (true)
            {
                var choice = Choose(request, residency, budget);
                if (choice < 0)
                {
                    await NextRoundAsync(residency, request.PermittedRegions, budget, refusal, missing, started, deadline.Token, cancellationToken).ConfigureAwait(false);
                    budget.Forget();
                    missing = true;
                    continue;
                }

                var link = pool.Links[choice];
                var connection = link.Current;
                if (connection is null)
                    continue;

                var attempt = budget.Begin(link.Name);
                (var value, refusal, cause) = await AttemptAsync(
                    link,
                    connection,
                    request with
                    {
                        RequestId = id,
                        Residency = residency,
                        AttemptsLeft = budget.Left,
                        ExcludedReplicas = budget.Excluded(link.Name),
                        RemainingMs = Math.Max(1, (int)(whole - time.GetElapsedTime(started)).TotalMilliseconds),
                    },
                    send,
                    deadline.Token,
                    cancellationToken).ConfigureAwait(false);
                if (value is not null)
                    return value;
                loading &= refusal is { Code: RefusalCode.NotReady, Replica: null, RetryAfterMs: > 0 };
                if (budget.End(link.Name, refusal, new AttemptFacts { Undirected = true }).Next == NextStep.Answer)
                    throw Refused(refusal!, cause);
                if (budget.Left == 0)
                {
                    if (!loading || time.GetElapsedTime(started) >= pool.Options.WaitForModel)
                        throw Refused(refusal!, cause);
                    using var wait = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
                    await Task.Delay(LoadingPause, time, wait.Token).ConfigureAwait(false);
                    budget.Renew();
                    continue;
                }

                missing &= refusal!.Code == RefusalCode.ModelNotFound;
                LogNextRegion(id, link.Name, refusal!.Code, attempt, refusal.Message);
            }
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The request was cancelled.", e, cancellationToken);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw Refused(DeadlineRefusal(limit, budget.Begun, refusal), cause);
        }
    }

    /// <summary>
    /// Index of the region for the next attempt, or -1: the region that lost only a replica, otherwise a region that was not tried, otherwise a tried region
    /// with a replica that has not failed this request.
    /// </summary>
    private int Choose(InferRequest request, string[]? residency, AttemptBudget budget)
    {
        var choice = budget.Kept is { } kept ? pool.Choose(request, residency, ~pool.Mask([kept])) : -1;
        if (choice < 0)
            choice = pool.Choose(request, residency, pool.Mask(budget.Tried));
        return choice < 0 && budget.Open is { Length: > 0 } open ? pool.Choose(request, residency, ~pool.Mask(open)) : choice;
    }

    private static async ValueTask<(T? Value, Refusal? Refusal, Exception? Cause)> AttemptAsync<T>(
        RegionLink link,
        LiveConnection connection,
        InferRequest request,
        Attempt<T> send,
        CancellationToken deadline,
        CancellationToken caller)
        where T : class
    {
        // Linked to the loss of the connection, because Orleans notices a killed peer only by its timeout.
        using var attempt = caller.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(caller, deadline, connection.Lost)
            : CancellationTokenSource.CreateLinkedTokenSource(deadline, connection.Lost);
        try
        {
            var (value, refusal) = await send(link, connection, request, attempt.Token).ConfigureAwait(false);
            return value is not null
                ? (value, null, null)
                : (null, refusal ?? Refuse(RefusalCode.Internal, $"Region '{link.Name}' answered with neither a result nor a refusal."), null);
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested || deadline.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            return (null, CallFailure.Judge(link, e), e);
        }
    }

    /// <summary>The configured time limit, or the caller's if it is shorter.</summary>
    private static TimeSpan Budget(TimeSpan configured, InferRequest request) =>
        request.RemainingMs > 0 && request.RemainingMs < configured.TotalMilliseconds ? TimeSpan.FromMilliseconds(request.RemainingMs) : configured;

    /// <summary>Called when no region is left in this round. Waits until another round makes sense, or throws.</summary>
    private async Task NextRoundAsync(
        string[]? residency,
        string[]? regions,
        AttemptBudget budget,
        Refusal? refusal,
        bool missing,
        long started,
        CancellationToken deadline,
        CancellationToken caller)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline, caller);
        if (pool.Reach(residency, regions).Connected)
        {
            // If all queues are full, no region accepts the residency, or no region knows the model, another round does not help.
            if (refusal?.Code is RefusalCode.NoCapacity or RefusalCode.ResidencyUnavailable || (missing && refusal?.Code == RefusalCode.ModelNotFound))
                throw Refused(refusal, null);
            if (!budget.Tried.IsEmpty)
                await Task.Delay(RoundPause * Math.Max(1, budget.Begun), time, limit.Token).ConfigureAwait(false);
            return;
        }

        while (true)
        {
            var changed = pool.Changed;
            ObjectDisposedException.ThrowIf(pool.IsStopping, this);
            var (permitted, connected) = pool.Reach(residency, regions);
            if (connected)
                return;
            var left = pool.Options.WaitForRegion - time.GetElapsedTime(started);
            if (!permitted || left <= TimeSpan.Zero)
                throw Refused(Unreachable(residency, regions, permitted), null);
            try
            {
                await changed.WaitAsync(left, time, limit.Token).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The next iteration sees that no time is left and throws.
            }
        }
    }

    private static Refusal Refuse(RefusalCode code, string message) => new() { Code = code, Message = message };

    private static Refusal DeadlineRefusal(TimeSpan limit, int attempts, Refusal? last) => Refuse(
        RefusalCode.Deadline,
        string.Create(
            CultureInfo.InvariantCulture,
            $"No answer within {limit.TotalMilliseconds:0} ms and {attempts} attempts{(last is null ? "." : $"; the last refusal was {last.Code}: {last.Message}")}"));

    private static MeridianException Refused(Refusal refusal, Exception? cause) => cause is null ? new MeridianException(refusal) : new MeridianException(refusal, cause);

    private Refusal Unreachable(string[]? residency, string[]? regions, bool permitted)
    {
        if (!permitted)
        {
            return Refuse(
                RefusalCode.ResidencyUnavailable,
                $"No configured region is permitted ({Restriction(residency, regions)}); there are {string.Join(", ", pool.Links.Select(l => $"{l.Name} ({l.View.Jurisdiction ?? "none"})"))}.");
        }

        var why = new StringBuilder();
        foreach (var link in pool.Links)
        {
            var view = link.View;
            if (view.State == RegionConnectionState.Excluded || !ResidencyRule.Permits(residency, regions, view.Jurisdiction, link.Name))
                continue;
            why.Append(why.Length == 0 ? "" : "; ").Append(link.Name).Append(": ").Append(view.Problem ?? "not connected yet");
        }

        return residency is null && regions is null
            ? Refuse(RefusalCode.RegionLost, $"No region can be reached. {why}")
            : Refuse(RefusalCode.ResidencyUnavailable, $"No permitted region ({Restriction(residency, regions)}) can be reached. {why}");
    }

    private static string Restriction(string[]? residency, string[]? regions) => (residency, regions) switch
    {
        (null, { } names) => $"regions {string.Join(", ", names)}",
        ({ } jurisdictions, null) => $"jurisdictions {string.Join(", ", jurisdictions)}",
        _ => $"jurisdictions {string.Join(", ", residency!)}, regions {string.Join(", ", regions!)}",
    };

    private delegate ValueTask<Answer<T>> Attempt<T>(RegionLink link, LiveConnection connection, InferRequest request, CancellationToken cancellationToken)
        where T : class;

    [LoggerMessage(EventId = 7020, Level = LogLevel.Debug, Message = "Request {RequestId} leaves region {Region}: {Code} at attempt {Attempt} ({Reason})")]
    private partial void LogNextRegion(string requestId, string region, RefusalCode code, int attempt, string reason);
}
