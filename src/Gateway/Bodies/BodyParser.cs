using System.Buffers;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.Bodies;

/// <summary>Reads a whole request body; answers the caller's mistake, or null with the request. Never throws for what a caller can send, and keeps nothing of the body.</summary>
/// <param name="body">The body, which is gone afterwards.</param>
/// <param name="state">What the parser needs besides.</param>
/// <param name="request">Valid where null is answered.</param>
internal delegate ApiError? BodyParser<in TState, TRequest>(in ReadOnlySequence<byte> body, TState state, out TRequest request);
