using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using Meridian.Federation.Regions;
using Meridian.Federation.Residency;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Access;

/// <summary>
/// Reads a request: the headers that bind it, and its body within the size limit and the deadline. A body that arrived in one piece is parsed in place. Other
/// bodies are gathered in rented blocks.
/// In both cases the body is released before the request is sent on.
/// </summary>
internal sealed class RequestIntake(
    CallerResolver callers, IRegionDirectory directory, DataBoundaries boundaries, EdgeBorder border, RouteExplainer explainer, IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly long _maxBytes = options.Value.MaxRequestBytes;

    /// <summary>
    /// Reads head and body. A request with an error is answered here and not taken. So is a request whose data must not come to this edge; its body is not
    /// read.
    /// </summary>
    /// <param name="defaultDeadlineMs">Deadline if the caller names none, ms.</param>
    /// <param name="state">Passed to the parser.</param>
    public async ValueTask<(bool Taken, TRequest Request, RequestHead Head)> ReceiveAsync<TState, TRequest>(
        HttpContext context, int defaultDeadlineMs, TState state, BodyParser<TState, TRequest> parse)
    {
        TRequest request = default!;
        if (TryReadHead(context, defaultDeadlineMs, out var head, out var error))
        {
            var snapshot = directory.Current;
            head = head with { Boundary = boundaries.Of(snapshot.Intent, head.Caller.Tenant, head.Asked, head.Caller.Address) };
            if (!border.MayReceive(snapshot, head))
            {
                Stamp(context, head);
                await border.TurnAwayAsync(context, snapshot, head);
                return (false, request, head);
            }

            (request, error) = await ReadBodyAsync(context, head, state, parse);
        }

        if (error is not null)
        {
            await RefuseAsync(context, head, error);
        }

        return (error is null, request, head);
    }

    /// <summary>
    /// Builds the request for the edge: the input with everything that binds it. If the caller asked for an explanation, adds the explain header to the
    /// answer.
    /// </summary>
    /// <param name="tier">See <see cref="InferRequest.Tier"/>.</param>
    /// <param name="affinity">See <see cref="InferRequest.Affinity"/>; used if the head names no conversation.</param>
    /// <param name="user">The caller's <c>user</c>; used for the choice of a version if the request names no conversation and no cache key.</param>
    public InferRequest ForEdge(HttpContext context, in RequestHead head, string model, InferInput input, string? tier = null, string? affinity = null, string? user = null)
    {
        var (name, version) = ModelReference.Split(model);
        var request = new InferRequest
        {
            RequestId = context.TraceIdentifier,
            Model = name,
            Version = version ?? head.Version,
            Variant = head.Variant,
            RemainingMs = RemainingMs(head),
            Tenant = head.Caller.Tenant,
            Residency = head.Boundary.Jurisdictions,
            PermittedRegions = head.Boundary.Regions,
            Input = input,
            Tier = tier,
            Affinity = head.Session ?? affinity,
            VersionKey = head.Session ?? affinity ?? user,
        };
        if (head.Explain)
        {
            context.Response.Headers[GatewayHeaders.Explain] = ExplainHeader.Write(explainer.Explain(directory.Current, request, head.Asked, head.Caller.Address));
        }

        return request;
    }

    /// <param name="defaultDeadlineMs">Deadline if the caller names none, ms.</param>
    /// <param name="head">Its arrival time is valid even if the rest could not be read.</param>
    /// <param name="error">The caller's error.</param>
    private bool TryReadHead(HttpContext context, int defaultDeadlineMs, out RequestHead head, [NotNullWhen(false)] out ApiError? error)
    {
        var started = time.GetTimestamp();
        var request = context.Request;
        string[]? residency = null;
        string? session = null, conversation = null, version = null, variant = null;
        var caller = default(Caller);
        var explain = false;
        var follows = true;
        error = RequestHeaders.ReadDeadline(request.Headers[GatewayHeaders.Deadline], defaultDeadlineMs, out var deadlineMs)
            ?? RequestHeaders.ReadResidency(request.Headers[GatewayHeaders.Residency], out residency)
            ?? callers.Resolve(context, out caller)
            ?? RequestHeaders.ReadSession(request.Headers[GatewayHeaders.Session], GatewayHeaders.Session, out session)
            ?? RequestHeaders.ReadSession(request.Headers[GatewayHeaders.Conversation], GatewayHeaders.Conversation, out conversation)
            ?? RequestHeaders.ReadPart(request.Headers[GatewayHeaders.Version], GatewayHeaders.Version, out version)
            ?? RequestHeaders.ReadPart(request.Headers[GatewayHeaders.Variant], GatewayHeaders.Variant, out variant)
            ?? RequestHeaders.ReadSwitch(request.Headers[GatewayHeaders.Explain], GatewayHeaders.Explain, "1", "0", absent: false, out explain)
            ?? RequestHeaders.ReadSwitch(request.Headers[GatewayHeaders.Redirect], GatewayHeaders.Redirect, "yes", "no", absent: true, out follows)
            ?? ReadEncoding(request);
        // This class enforces the body limit. The server's own limit would answer without an error object, and only after it had read that far.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        if (request.ContentLength > _maxBytes)
        {
            error = TooLarge(context);
        }

        head = new RequestHead(started, deadlineMs) { Caller = caller, Asked = residency, Session = conversation ?? session, Version = version, Variant = variant, Explain = explain, Follows = follows };
        return error is null;
    }

    private ValueTask<(TRequest Request, ApiError? Error)> ReadBodyAsync<TState, TRequest>(HttpContext context, in RequestHead head, TState state, BodyParser<TState, TRequest> parse)
    {
        var body = context.Request.BodyReader;
        var arrived = body.TryRead(out var read);
        if (!arrived || !read.IsCompleted)
        {
            return GatherAsync(context, body, arrived ? read : null, head.DeadlineMs, state, parse);
        }

        var error = Parse(context, read.Buffer, state, parse, out var request);
        body.AdvanceTo(read.Buffer.End);
        return new((request, error));
    }

    /// <summary>Returns the time since the request's arrival, whole ms.</summary>
    private int ElapsedMs(in RequestHead head) => (int)time.GetElapsedTime(head.Started).TotalMilliseconds;

    /// <summary>Returns the time left until the deadline, at least 1 ms.</summary>
    public int RemainingMs(in RequestHead head) => Math.Max(1, head.DeadlineMs - ElapsedMs(head));

    /// <summary>Writes the time that the request has taken so far into a header of the answer.</summary>
    public void Stamp(HttpContext context, in RequestHead head) =>
        context.Response.Headers[GatewayHeaders.ProcessingMs] = ElapsedMs(head).ToString(CultureInfo.InvariantCulture);

    public Task RefuseAsync(HttpContext context, in RequestHead head, ApiError error)
    {
        Stamp(context, head);
        return ApiErrorWriter.WriteAsync(context, error);
    }

    /// <summary>
    /// Reads a body that has not fully arrived. If it is complete at the first read, it is parsed in place; otherwise it is gathered, within the size limit
    /// and the deadline.
    /// </summary>
    /// <param name="first">The part that has arrived, not advanced over yet; null if nothing has.</param>
    private async ValueTask<(TRequest Request, ApiError? Error)> GatherAsync<TState, TRequest>(
        HttpContext context, PipeReader body, ReadResult? first, int deadlineMs, TState state, BodyParser<TState, TRequest> parse)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(deadlineMs), time);
        // CancelPendingRead and not a token for the read: a read that throws leaves the body in a state that the server cannot drain, which the server logs
        // as an error.
        using var wake = deadline.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), body);
        using var blocks = new BodyBlocks();
        var read = first ?? await body.ReadAsync(CancellationToken.None);
        while (true)
        {
            if (blocks.IsEmpty && read.IsCompleted)
            {
                var error = Parse(context, read.Buffer, state, parse, out var request);
                body.AdvanceTo(read.Buffer.End);
                return (request, error);
            }

            var gathered = blocks.Length + read.Buffer.Length;
            if (gathered <= _maxBytes)
            {
                blocks.Append(read.Buffer);
            }

            body.AdvanceTo(read.Buffer.End);
            if (gathered > _maxBytes)
            {
                return (default!, TooLarge(context));
            }

            if (read.IsCompleted)
            {
                var error = Parse(context, blocks.Sequence, state, parse, out var request);
                return (request, error);
            }

            if (deadline.IsCancellationRequested)
            {
                return (default!, new ApiError(StatusCodes.Status408RequestTimeout, ApiError.InvalidRequest, "request_timeout", $"The request body did not arrive within the deadline of {deadlineMs} ms."));
            }

            read = await body.ReadAsync(CancellationToken.None);
        }
    }

    private ApiError? Parse<TState, TRequest>(HttpContext context, in ReadOnlySequence<byte> body, TState state, BodyParser<TState, TRequest> parse, out TRequest request)
    {
        if (body.Length > _maxBytes)
        {
            request = default!;
            return TooLarge(context);
        }

        return parse(body, state, out request);
    }

    private static ApiError? ReadEncoding(HttpRequest request) =>
        request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity"
            ? new ApiError(StatusCodes.Status415UnsupportedMediaType, ApiError.InvalidRequest, "unsupported_media_type", "The request body is compressed. Send it as plain JSON, without content-encoding.", "content-encoding")
            : null;

    private ApiError TooLarge(HttpContext context)
    {
        // Close the connection instead of reading the rest of the body. (HTTP/2 resets only the stream and has no such header.)
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return ApiError.TooLarge(_maxBytes);
    }
}
