using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Routing.Randomness;

/// <summary>Registers what routing draws from.</summary>
public static class RandomServiceCollectionExtensions
{
    /// <summary>
    /// One <see cref="Random"/> for the whole process. Every part that draws registers it by this method: the first registration counts for all, and those who draw
    /// are shared by threads, which a plain <see cref="Random"/> does not bear.
    /// </summary>
    public static IServiceCollection AddConcurrentRandom(this IServiceCollection services)
    {
        services.TryAddSingleton<Random>(static _ => new ConcurrentRandom(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8))));
        return services;
    }
}
