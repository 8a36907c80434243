using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Meridian.Federation.IntentSources;
using Meridian.Federation.Regions;
using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Facades;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Intents;
using Meridian.Intents.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Admin.Records;

/// <summary>
/// <c>/admin/api/directory</c>: the operators' intent, kept in the replicated log. Any region accepts a change and answers when a majority has it on disk.
/// Reads use the region's own copy.
/// Only processes that keep the log can answer; other processes name the facades to ask.
/// </summary>
internal sealed class DirectoryEndpoints(IRegionDirectory directory, CallerResolver callers, TimeProvider time, IServiceProvider services)
{
    private const int MaxBodyBytes = 1024 * 1024;
    private const int RetryAfterMs = 2000;
    private static readonly TimeSpan ChangeLimit = TimeSpan.FromSeconds(15);

    private readonly IIntentLog? _log = services.GetService<IIntentLog>();
    private readonly ConfiguredState? _configured = services.GetService<ConfiguredState>();

    public Task GetAsync(HttpContext context) =>
        _log is null
            ? ApiErrorWriter.WriteAsync(context, AskRegion())
            : WriteAsync(context, DirectoryReport.Of(_log), RecordsJson.Default.DirectoryReport);

    public async Task GetRecordAsync(HttpContext context)
    {
        if (Target(context, writing: false, out var key, out _) is { } error)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        if (!_log!.Current.Records.TryGetValue(key, out var record))
        {
            await ApiErrorWriter.WriteAsync(context, NotFound(key));
            return;
        }

        Tag(context, record.Epoch);
        await WriteAsync(context, RecordReport.Of(record, _log.Current), RecordsJson.Default.RecordReport);
    }

    public async Task PutAsync(HttpContext context)
    {
        var error = Target(context, writing: true, out var key, out var kind);
        var (body, tooLarge) = error is null ? await ReadBodyAsync(context) : default;
        error ??= tooLarge;
        byte[]? value = null;
        if (error is null)
        {
            (value, var mistake) = kind!.Read(key, body.Span);
            error = mistake is null ? null : ApiError.Invalid("invalid_record", $"Record {key}: {mistake}.");
        }

        if (error is not null)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        await ChangeAsync(context, key, [new IntentWrite(key, value)], body);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var error = Target(context, writing: true, out var key, out _);
        if (error is not null)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        // Another region may have answered a change that this region's copy does not have yet. So a record counts as missing only after a linearizable read.
        var replica = _log!.Current;
        if (!replica.Records.ContainsKey(key) && !await GuardAsync(context, async token => replica = await _log.ReadAsync(token), answers: false))
            return;
        if (!replica.Records.ContainsKey(key))
        {
            await ApiErrorWriter.WriteAsync(context, NotFound(key));
            return;
        }

        List<IntentWrite> writes = [new(key, null)];
        if (key.Kind == IntentKinds.Member)
        {
            // Without this record the member would come back at the region's next start.
            var removed = new RemovedRecord { By = callers.Resolve(context).Tenant, UnixMs = time.GetUtcNow().ToUnixTimeMilliseconds() };
            writes.Add(new IntentWrite(new IntentKey(IntentKinds.Removed, key.Name), IntentRecords.Bytes(removed)));
        }

        writes.AddRange(RecordRules.Dependents(key, replica).Select(static dependent => new IntentWrite(dependent, null)));

        await ChangeAsync(context, key, [.. writes], default);
    }

    /// <summary>Where the settings of this process and the log differ.</summary>
    public Task GetDriftAsync(HttpContext context) =>
        _configured is null ? ApiErrorWriter.WriteAsync(context, AskRegion()) : WriteAsync(context, DriftReport.Of(_configured), RecordsJson.Default.DriftReport);

    /// <summary>Writes the record of this process's settings into the log.</summary>
    public async Task AdoptAsync(HttpContext context)
    {
        var error = Target(context, writing: true, out var key, out _);
        var value = error is null ? _configured?.Find(key) : null;
        error ??= value is null ? NotFound(key) with { Message = $"The settings of this process have no record {ApiError.Shorten(key.ToString())}; GET /admin/api/drift lists what differs." } : null;
        if (error is not null)
            await ApiErrorWriter.WriteAsync(context, error);
        else
            await ChangeAsync(context, key, [new IntentWrite(key, value)], value);
    }

    public async Task PutVoterAsync(HttpContext context)
    {
        var error = _log is null ? AskRegion() : null;
        var (body, tooLarge) = error is null ? await ReadBodyAsync(context) : default;
        error ??= tooLarge;
        VoterReport? voter = null;
        if (error is null)
        {
            try
            {
                voter = JsonSerializer.Deserialize(body.Span, RecordsJson.Default.VoterReport);
            }
            catch (JsonException exception)
            {
                error = ApiError.Invalid("invalid_json", $"The body is not a voter like {{\"name\": \"eastus\", \"consensus\": \"10.0.0.1:8194\", \"control\": \"http://10.0.0.1:8195\"}}: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        Uri? control = null;
        if (error is null && (voter is null || voter.Name != (string?)context.Request.RouteValues["name"] || !Uri.TryCreate(voter.Control, UriKind.Absolute, out control)))
            error = ApiError.Invalid("invalid_voter", "A voter has the name of the path, 'consensus' (host:port) and 'control' (an http address).");
        if (error is not null)
        {
            await ApiErrorWriter.WriteAsync(context, error);
            return;
        }

        await GuardAsync(context, token => _log!.AddVoterAsync(new IntentVoter { Name = voter!.Name, Consensus = voter.Consensus, Protocol = control!, Witness = voter.Witness }, token));
    }

    public async Task DeleteVoterAsync(HttpContext context)
    {
        if (_log is null)
        {
            await ApiErrorWriter.WriteAsync(context, AskRegion());
            return;
        }

        var name = (string)context.Request.RouteValues["name"]!;
        var existed = false;
        if (!await GuardAsync(context, async token => existed = await _log.RemoveVoterAsync(name, token), answers: false))
            return;
        if (existed)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            await ApiErrorWriter.WriteAsync(context, new ApiError(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "voter_not_found", $"There is no voter '{ApiError.Shorten(name)}'; GET /admin/api/directory lists them."));
    }

    private async Task ChangeAsync(HttpContext context, IntentKey key, IntentWrite[] writes, ReadOnlyMemory<byte> body)
    {
        if (Condition(context, key, out var conditions) is { } mistake)
        {
            await ApiErrorWriter.WriteAsync(context, mistake);
            return;
        }

        var author = callers.Resolve(context).Tenant;
        var (operation, digest) = ChangeIdentity.Of(context, author, body.Span);
        var change = new IntentChange
        {
            Operation = operation,
            Conditions = conditions,
            Writes = writes,
            Author = author,
            ProposedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Digest = digest,
            Pending = IsPending(context),
        };
        IntentOutcome? outcome = null;
        if (!await GuardAsync(context, async token => outcome = await _log!.ChangeAsync(change, token), answers: false, refusal: "invalid_record"))
            return;
        if (outcome!.Reused)
        {
            await ApiErrorWriter.WriteAsync(context, ApiError.IdReused(context.TraceIdentifier, GatewayHeaders.RequestId));
            return;
        }

        if (!outcome.Made)
        {
            await ApiErrorWriter.WriteAsync(context, new ApiError(
                StatusCodes.Status412PreconditionFailed, ApiError.InvalidRequest, "epoch_conflict",
                $"Record {outcome.Conflict} has epoch {outcome.ConflictEpoch}{(outcome.ConflictEpoch == 0 ? " (it does not exist)" : "")}: somebody changed it meanwhile. Read it again.", "if-match"));
            return;
        }

        Tag(context, outcome.Revision);
        await WriteAsync(context, new ChangeReport { Revision = outcome.Revision }, RecordsJson.Default.ChangeReport);
    }

    /// <summary>Runs an action within <c>ChangeLimit</c>. Returns true if it succeeded; otherwise writes the error as the answer.</summary>
    private async Task<bool> GuardAsync(HttpContext context, Func<CancellationToken, Task> act, bool answers = true, string refusal = "invalid_change")
    {
        using var limit = new CancellationTokenSource(ChangeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        ApiError error;
        try
        {
            await act(either.Token);
            if (answers)
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            return true;
        }
        catch (NoIntentLogException exception)
        {
            error = new ApiError(StatusCodes.Status409Conflict, ApiError.InvalidRequest, "no_intent_log", exception.Message);
        }
        catch (IntentUnavailableException exception)
        {
            error = NoQuorum(exception.Message, exception.OutcomeUnknown);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            error = NoQuorum($"The change was not confirmed within {ChangeLimit.TotalSeconds:0} s.", unknown: true);
        }
        catch (NotSupportedException exception)
        {
            error = ApiError.Invalid("not_supported", exception.Message);
        }
        catch (ArgumentException exception)
        {
            error = ApiError.Invalid(refusal, exception.Message);
        }

        await ApiErrorWriter.WriteAsync(context, error);
        return false;
    }

    private ApiError? Target(HttpContext context, bool writing, out IntentKey key, out RecordKind? kind)
    {
        var kindName = (string)context.Request.RouteValues["kind"]!;
        key = new IntentKey(kindName, (string)context.Request.RouteValues["name"]!);
        kind = null;
        if (_log is null)
            return AskRegion();
        if (RecordKind.TryFind(kindName, out kind))
        {
            var deletable = kind.Writable || (kindName == IntentKinds.Removed && HttpMethods.IsDelete(context.Request.Method));
            return writing && !deletable ? ApiError.Invalid("read_only", $"Records of kind '{kindName}' are written by Meridian alone.") : null;
        }

        // A record of an unknown kind (written by another build, or accepted by mistake) can still be read and deleted if it exists.
        if (!HttpMethods.IsPut(context.Request.Method) && _log.Current.Records.ContainsKey(key))
            return null;
        return new ApiError(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "unknown_kind", $"There is no kind '{ApiError.Shorten(kindName)}'; kinds are {string.Join(", ", RecordKind.Names)}.");
    }

    private static ApiError? Condition(HttpContext context, IntentKey key, out IntentCondition[] conditions)
    {
        conditions = [];
        var match = context.Request.Headers.IfMatch.ToString().Trim('"');
        if (match.Length > 0)
        {
            if (!long.TryParse(match, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                return ApiError.Invalid("invalid_header", "The header if-match must be an epoch, as etag gives it, for example \"42\".", "if-match");
            conditions = [new IntentCondition(key, epoch)];
            return null;
        }

        var none = context.Request.Headers.IfNoneMatch.ToString();
        if (none.Length == 0)
            return null;
        if (none != "*")
            return ApiError.Invalid("invalid_header", "The header if-none-match can only be *: the record must not exist.", "if-none-match");
        conditions = [new IntentCondition(key, 0)];
        return null;
    }

    private static bool IsPending(HttpContext context) => context.Request.Query["pending"] == "true";

    private static async Task<(ReadOnlyMemory<byte> Body, ApiError? Error)> ReadBodyAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var body = new ArrayBufferWriter<byte>();
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer)
                body.Write(segment.Span);
            reader.AdvanceTo(read.Buffer.End);
            if (body.WrittenCount > MaxBodyBytes)
                return (default, ApiError.TooLarge(MaxBodyBytes));
            if (read.IsCompleted)
                return (body.WrittenMemory, null);
        }
    }

    private static ApiError NoQuorum(string message, bool unknown) =>
        new(
            StatusCodes.Status503ServiceUnavailable, ApiError.Server, "no_quorum",
            $"{message} {(unknown ? "The change may still be made: repeat it with the same x-request-id to learn what became of it." : "Nothing was changed.")} Requests are served on.")
        { RetryAfterMs = RetryAfterMs };

    private static ApiError NotFound(IntentKey key) =>
        new(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "record_not_found", $"There is no record {ApiError.Shorten(key.ToString())}; GET /admin/api/directory lists all.");

    private ApiError AskRegion()
    {
        var facades = RegionFacades.Of(directory.Current.Intent);
        return new ApiError(
            StatusCodes.Status404NotFound, ApiError.InvalidRequest, "ask_region",
            $"This process does not keep the intent log{(facades.Length == 0 ? "." : $". Ask a region's facade: {facades}.")}");
    }

    private static void Tag(HttpContext context, long epoch) => context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{epoch}\"");

    private static Task WriteAsync<T>(HttpContext context, T report, JsonTypeInfo<T> json) => context.Response.WriteAsJsonAsync(report, json, contentType: null, context.RequestAborted);
}
