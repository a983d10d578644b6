using Helios.Backends.Testing.Hosting;
using Helios.Backends.Testing.Loading;
using Helios.Backends.Testing.Memory;
using Helios.Backends.Testing.Model;

namespace Helios.Sdk.TorchSharp.Tests;

// What every backend is held to, on torch.
public sealed class TorchReference : ReferenceContract<TorchUnderTest>;

public sealed class TorchBatch : BatchContract<TorchUnderTest>;

public sealed class TorchExtend : ExtendContract<TorchUnderTest>;

public sealed class TorchFamilies : FamilyContract<TorchUnderTest>;

public sealed class TorchBlocks : BlockContract<TorchUnderTest>;

public sealed class TorchLongContext : LongContextContract<TorchUnderTest>;

public sealed class TorchSampling : SamplingContract<TorchUnderTest>;

public sealed class TorchMisuse : MisuseContract<TorchUnderTest>;

public sealed class TorchLoader : LoaderContract<TorchUnderTest>;

public sealed class TorchKvStore : KvStoreContract<TorchUnderTest>;

public sealed class TorchLifetime : LifetimeContract<TorchUnderTest>;

public sealed class TorchEngine : EngineContract<TorchUnderTest>;
