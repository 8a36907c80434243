using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Federation.Protocol;
using Meridian.Federation.Routing;
using Meridian.Messages;
using Meridian.Messages.Generation;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    /// <summary>
    /// A region's stream at the edge where its request entered. The attempt that opened it lives on with it: its one token fires with the caller, with the region's loss and at
    /// the deadline and ends the stream at the region, so that a read links nothing. It and the entry of the ledger are given back by the disposal, once.
    /// </summary>
    private sealed class EdgeStream(IRegionStream stream, Course course, InFlightLedger.Entry entry, AttemptSources.Attempt attempt, CancellationToken caller) : IRegionStream
    {
        private long _tokens;
        private int _disposed;

        public StreamHead Head => stream.Head;

        public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
        {
            // The caller's own token is in the attempt's already.
            var read = stream.ReadAsync(cancellationToken == caller ? CancellationToken.None : cancellationToken);
            return read.IsCompletedSuccessfully ? new ValueTask<StreamFrame?>(Count(read.Result)) : AwaitAsync(read, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
                return;
            try
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                attempt.Dispose();
                entry.Dispose();
            }
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<StreamFrame?> AwaitAsync(ValueTask<StreamFrame?> read, CancellationToken cancellationToken)
        {
            StreamFrame? frame;
            try
            {
                frame = await read.ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                if (Refused(failure, cancellationToken) is { } refusal)
                    throw new MeridianException(refusal, failure);
                throw;
            }

            return Count(frame);
        }

        private StreamFrame? Count(StreamFrame? frame)
        {
            if (frame is null)
                return null;
            if (frame.Offset != _tokens || frame.Next < frame.Offset)
                throw new MeridianException(EdgeRefusals.StreamLost(course.Region.Name, course.RequestId, _tokens, $"it sent tokens {frame.Offset} to {frame.Next} where {_tokens} were due"));
            _tokens = frame.Next;
            return frame;
        }

        /// <summary>Why a read failed; null where the exception itself says it.</summary>
        private Refusal? Refused(Exception failure, CancellationToken reader)
        {
            caller.ThrowIfCancellationRequested();
            if (course.Lost.IsCancellationRequested)
                return Lost(failure, null);
            if (attempt.Token.IsCancellationRequested)
                return EdgeRefusals.StreamDeadline(course.DeadlineMs, _tokens);
            switch (failure)
            {
                case MeridianException { Refusal.Code: RefusalCode.Cancelled } cancelled:
                    return Lost(failure, cancelled.Message);
                case MeridianException:
                case OperationCanceledException when reader.IsCancellationRequested:
                    return null;
                default:
                    if (!course.Local)
                        course.Report();
                    return Lost(failure, TransportFaults.Describe(failure));
            }
        }

        private Refusal Lost(Exception failure, string? why)
        {
            course.LogLost(failure, why);
            return EdgeRefusals.StreamLost(course.Region.Name, course.RequestId, _tokens, why);
        }
    }
}
