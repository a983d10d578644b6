using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// Who shares cached KV with whom: one tenant with itself, or the tenants of a group with each other. A tenant and a group of
/// the same name are two scopes, so no tenant can name itself into another's.
/// </summary>
/// <param name="Name">Name of the tenant or the group.</param>
/// <param name="IsGroup">Which of the two.</param>
/// <param name="Share">Share of KV memory, 0..1, beyond which its cached blocks are the first to go.</param>
internal readonly record struct CacheScope(string Name, bool IsGroup, double Share);

/// <summary>Under which prefixes are looked for: none is ever found under another key.</summary>
/// <param name="Scope">Who shares them.</param>
/// <param name="Model">The loaded model they ran on; stands for its weights, their precision and that of the KV.</param>
/// <param name="Shape">Layers they ran through, of one group.</param>
/// <param name="Window">Window of the group; null where all tokens are attended to.</param>
internal readonly record struct PrefixKey(CacheScope Scope, long Model, KvShape Shape, int? Window = null);
