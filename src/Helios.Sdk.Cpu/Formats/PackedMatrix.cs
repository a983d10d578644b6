using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Formats;

/// <summary>
/// A weight matrix as the kernels read it: rows in blocks of 16, columns in the order of <see cref="WeightFormat"/>, zeros
/// where it was padded. A view; the memory belongs to the part it was loaded with.
/// </summary>
/// <param name="data">First block.</param>
/// <param name="format">How weights are held.</param>
/// <param name="blocks">Blocks of 16 rows.</param>
/// <param name="columns">Columns without padding.</param>
/// <param name="groups">Groups of a block format; those of the format where null.</param>
internal sealed unsafe class PackedMatrix(float* data, WeightFormat format, int blocks, int columns, GroupLayout? groups = null)
{
    /// <summary>Rows of a block, at every vector width.</summary>
    public const int BlockRows = 16;

    private readonly BlockLayout layout = new(format, columns, groups ?? Quantisation.Groups(format));

    /// <summary>First block; counted in units of 4 bytes whatever the format.</summary>
    public float* Data { get; } = data;

    /// <summary>How weights are held.</summary>
    public WeightFormat Format { get; } = format;

    /// <summary>Blocks of 16 rows.</summary>
    public int Blocks { get; } = blocks;

    /// <summary>Rows with padding.</summary>
    public int Rows => Blocks * BlockRows;

    /// <summary>Columns without padding.</summary>
    public int Columns { get; } = columns;

    /// <summary>Groups of columns that share a scale, the last padded; 1 where there are no scales.</summary>
    public int Groups => layout.Groups;

    /// <summary>Pairs of elements (see <see cref="IWeightFormat{TVector}"/>) in a group.</summary>
    public int GroupPairs => layout.GroupPairs;

    /// <summary>Whether products take activations as integers.</summary>
    public bool Quantised => GroupColumns > 0;

    /// <summary>Columns of a group; 0 where there are no scales.</summary>
    public int GroupColumns { get; } = (groups ?? Quantisation.Groups(format)).Columns;

    /// <summary>Whether groups have offsets beside scales.</summary>
    public bool HasOffsets { get; } = (groups ?? Quantisation.Groups(format)).HasOffsets;

    /// <summary>Element of an activation column at which the scales of its groups begin, if it is quantised.</summary>
    public int ActivationScales => QuantisedRow.ScalesAt(Columns);

    /// <summary>Bytes of a block.</summary>
    public long BlockBytes => layout.Bytes;

    /// <summary>Bytes of some blocks of so many columns.</summary>
    public static long Bytes(WeightFormat format, int blocks, int columns, GroupLayout? groups = null) => blocks * new BlockLayout(format, columns, groups ?? Quantisation.Groups(format)).Bytes;

    /// <summary>Weights of a block.</summary>
    public byte* Block(int block) => (byte*)Data + block * layout.Bytes;

    /// <summary>Scales of a block.</summary>
    public ushort* Scales(int block) => (ushort*)(Block(block) + layout.WeightBytes);

    /// <summary>Scales of a block of a block format, <c>[groups][16]</c>; behind them its offsets. With half precision, the factors of rows.</summary>
    public float* BlockScales(int block) => (float*)Scales(block);

    /// <summary>Where the scale of a lane's group stands among those of its block.</summary>
    public static int ScaleIndex(int lane, int group) => group / 2 * 2 * BlockRows + 2 * lane + group % 2;

    /// <summary>Copies one row out, as floats.</summary>
    public void Row(int row, float* destination)
    {
        var (block, lane) = Math.DivRem(row, BlockRows);
        var weights = Block(block);
        switch (Format)
        {
            case WeightFormat.Fp32:
                for (var k = 0; k < Columns; k++) destination[k] = ((float*)weights)[k * BlockRows + lane];
                break;
            case WeightFormat.Bf16:
                for (var k = 0; k < Columns; k++) destination[k] = WeightCodec.Bf16.Read(weights, k / 2 * 2 * BlockRows + 2 * lane + k % 2);
                break;
            case WeightFormat.Fp16:
                for (var k = 0; k < Columns; k++) destination[k] = (float)((Half*)weights)[k / 2 * 2 * BlockRows + 2 * lane + k % 2] * BlockScales(block)[lane];
                break;
            case WeightFormat.Int8:
                for (var k = 0; k < Columns; k++)
                    destination[k] = Scale(block, lane, k) * ((sbyte*)weights)[k / 2 * 2 * BlockRows + 2 * lane + k % 2];
                break;
            case WeightFormat.Int4:
                for (var k = 0; k < Columns; k++)
                    destination[k] = Scale(block, lane, k) * (Nibble(weights[k / 8 * 4 * BlockRows + 4 * lane + k % 4], k) - Quantisation.NibbleOffset);
                break;
            case WeightFormat.Block8:
                for (var k = 0; k < Columns; k++) destination[k] = Value(block, lane, k, ((sbyte*)weights)[k / 2 * 2 * BlockRows + 2 * lane + k % 2]);
                break;
            default:
                for (var k = 0; k < Columns; k++) destination[k] = Value(block, lane, k, Nibble(weights[k / 8 * 4 * BlockRows + 4 * lane + k % 4], k));
                break;
        }
    }

    private float Scale(int block, int lane, int k) => WeightCodec.Bf16.Read((byte*)Scales(block), ScaleIndex(lane, k / GroupColumns));

    private float Value(int block, int lane, int k, int integer)
    {
        var scale = BlockScales(block) + k / GroupColumns * BlockRows + lane;
        var product = *scale * integer;
        return HasOffsets ? product + scale[Groups * BlockRows] : product;
    }

    private static int Nibble(byte both, int k) => k % 8 < 4 ? both & 15 : both >> 4;

    private readonly struct BlockLayout
    {
        public BlockLayout(WeightFormat format, int columns, GroupLayout groups)
        {
            var group = groups.Columns;
            if (group == 0)
            {
                (Groups, GroupPairs) = (1, (columns + 1) / 2);
                WeightBytes = 2L * GroupPairs * BlockRows * (format == WeightFormat.Fp32 ? 4 : 2);
                Bytes = WeightBytes + (format == WeightFormat.Fp16 ? BlockRows * sizeof(float) : 0);
                return;
            }

            var bytes = format is WeightFormat.Int8 or WeightFormat.Block8;
            (Groups, GroupPairs) = ((columns + group - 1) / group, group / (bytes ? 4 : 8));
            WeightBytes = (long)Groups * group * BlockRows / (bytes ? 1 : 2);
            Bytes = WeightBytes + (format is WeightFormat.Block8 or WeightFormat.Block4
                ? (groups.HasOffsets ? 2L : 1) * Groups * BlockRows * sizeof(float)
                : (Groups + 1) / 2 * 2L * BlockRows * sizeof(ushort));
        }

        public int Groups { get; }

        public int GroupPairs { get; }

        public long WeightBytes { get; }

        public long Bytes { get; }
    }
}
