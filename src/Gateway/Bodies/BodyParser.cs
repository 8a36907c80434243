using System.Buffers;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.Bodies;

/// <summary>
/// Parses a whole request body. Returns the caller's error, or null and the request. Never throws for input that a caller can send, and keeps no reference to
/// the body.
/// </summary>
/// <param name="body">The body. Its memory is released after the call.</param>
/// <param name="state">Whatever else the parser needs.</param>
/// <param name="request">Valid if the parser returns null.</param>
internal delegate ApiError? BodyParser<in TState, TRequest>(in ReadOnlySequence<byte> body, TState state, out TRequest request);
