using System.Buffers.Binary;
using System.Security.Cryptography;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class StateReaderTests
{
    private static readonly byte[] s_imageState = ImageState();
    private static readonly byte[] s_exactState = PixelState(EvaluationPrecision.Exact);
    private static readonly byte[] s_gridState = PixelState(EvaluationPrecision.Grid);
    private static readonly byte[] s_fullGridState = PixelState(EvaluationPrecision.Grid, withNormal: true);

    [TestMethod]
    public void A_state_that_ends_early_is_refused_wherever_it_ends()
    {
        for (int length = 0; length < s_exactState.Length; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream(s_exactState, 0, length)));
        for (int length = 0; length < s_imageState.Length; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => ImageEvaluator.ReadFrom(new MemoryStream(s_imageState, 0, length)));
        var e = Assert.ThrowsExactly<InvalidDataException>(() => ImageEvaluator.ReadFrom(new MemoryStream(s_imageState, 0, 20)));
        StringAssert.Contains(e.Message, "ends after 20 bytes");
    }

    [TestMethod]
    public void A_state_with_a_changed_byte_is_refused_wherever_it_is()
    {
        CheckAll(s_imageState, bytes => ImageEvaluator.ReadFrom(bytes));
        CheckAll(s_exactState, bytes => PixelEvaluator.ReadFrom(bytes));
        CheckAll(s_gridState, bytes => PixelEvaluator.ReadFrom(bytes));

        static void CheckAll(byte[] state, Action<Stream> read)
        {
            for (int place = 0; place < state.Length; place++)
            {
                byte[] changed = [.. state];
                changed[place] ^= 0x15;
                Assert.ThrowsExactly<InvalidDataException>(() => read(new MemoryStream(changed)), $"byte {place}");
            }
        }
    }

    [TestMethod]
    public void Anything_else_is_refused()
        => Gen.Byte.Array[0, 300].Check(5_000, bytes =>
        {
            Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream(bytes)));
            Assert.ThrowsExactly<InvalidDataException>(() => ImageEvaluator.ReadFrom(new MemoryStream([.. s_imageState[..8], .. bytes])));
            Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream([.. s_exactState[..12], .. bytes])));
        });

    [TestMethod]
    public void Another_version_or_kind_is_named()
    {
        byte[] later = [.. s_imageState];
        later[6] = 2;
        StringAssert.Contains(Refusal(() => ImageEvaluator.ReadFrom(new MemoryStream(later))), "version 2; this library reads version 1");
        StringAssert.Contains(Refusal(() => PixelEvaluator.ReadFrom(new MemoryStream(s_imageState))), "kind 1; expected kind 2");
        byte[] other = "PK...not this"u8.ToArray();
        StringAssert.Contains(Refusal(() => PixelEvaluator.ReadFrom(new MemoryStream(other))), "begins with 504B2E2E2E6E6F74");

        static string Refusal(Action read) => Assert.ThrowsExactly<InvalidDataException>(read).Message;
    }

    [TestMethod]
    public void An_announced_size_is_not_trusted_with_memory()
    {
        // The number of normal scores becomes 2^31 - 1; it stands after the header, the length of the block and the flag.
        byte[] huge = [.. s_imageState];
        BinaryPrimitives.WriteInt32LittleEndian(huge.AsSpan(13), int.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsExactly<InvalidDataException>(() => ImageEvaluator.ReadFrom(new MemoryStream(huge)));
        Assert.IsLessThan(2 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    [DataRow(-8, 0u, "pixels of regions of", DisplayName = "a region of no pixels, which Compute divided by")]
    [DataRow(-8, 4u, "pixels of regions of", DisplayName = "a region of more pixels than there are")]
    [DataRow(-4, 0xFFFFFFFFu, "a defect with a score of NaN", DisplayName = "a defect's score of NaN")]
    [DataRow(-36, 0x7FC00000u, "a score of NaN", DisplayName = "a normal score of NaN")]
    public void Impossible_content_is_refused_under_a_right_checksum(int fromTheEnd, uint value, string reason)
    {
        // The exact state ends in four normal scores of four bytes and three defects of eight.
        byte[] forged = Forge(s_exactState, content => BinaryPrimitives.WriteUInt32LittleEndian(content[(content.Length + fromTheEnd)..], value));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream(forged))).Message, reason);
    }

    [TestMethod]
    [DataRow(17, 0x7FC00000u, "a score of NaN", DisplayName = "an anomaly's score of NaN")]
    [DataRow(21, 0u, "a weight that is not positive", DisplayName = "a row that weighs nothing, and would count nowhere")]
    [DataRow(21, 0x80000000u, "a weight that is not positive", DisplayName = "a row that weighs less than nothing")]
    [DataRow(0, 0x08u, "the flags", DisplayName = "a flag of a later version")]
    public void Rows_that_cannot_have_been_added_are_refused_under_a_right_checksum(int place, uint value, string reason)
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(2, false, 3);
        evaluator.Add(1, true, 5);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);

        // The flags, and for each label the number of rows, their scores and their weights.
        byte[] forged = Forge(stream.ToArray(), content => BinaryPrimitives.WriteUInt32LittleEndian(content[place..], value));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageEvaluator.ReadFrom(new MemoryStream(forged))).Message, reason);
    }

    [TestMethod]
    [DataRow(41, 3u, "regions in", DisplayName = "more regions than weigh upon the defects")]
    [DataRow(45, 0u, "regions in", DisplayName = "defects in no image, which a share was divided by")]
    [DataRow(45, 3u, "regions in", DisplayName = "more images with defects than regions")]
    [DataRow(49, 0x7FC00000u, "a range or a size", DisplayName = "a lowest score of NaN")]
    [DataRow(49, 0x40000000u, "a range or a size", DisplayName = "a lowest score above the lowest bin")]
    [DataRow(53, 0x447A2000u, "a range or a size", DisplayName = "a highest score beyond the scale")]
    [DataRow(57, 0u, "a range or a size", DisplayName = "normal images without a size")]
    [DataRow(57, 3u, "a range or a size", DisplayName = "4 pixels in images of 3")]
    [DataRow(57, 0xFFFFFFFEu, "a range or a size", DisplayName = "images of fewer pixels than none")]
    [DataRow(61, 0x0108_8104u, "a range or a size", DisplayName = "a normal pixel in another bin")]
    [DataRow(61, 0x0008_8004u, "a bin of nothing", DisplayName = "a bin that was counted, and is empty")]
    [DataRow(61, 0x7FFF_FF04u, "a bin beyond the last one", DisplayName = "a bin that there isn't")]
    public void A_grid_that_no_images_leave_behind_is_refused_under_a_right_checksum(int place, uint value, string reason)
    {
        // Options of 41 bytes, numbers of regions and of images, the range and the size of normal images, and the bins: how many, and each
        // by how many empty ones are before it and by its count.
        byte[] forged = Forge(s_fullGridState, content => BinaryPrimitives.WriteUInt32LittleEndian(content[place..], value));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream(forged))).Message, reason);
    }

    [TestMethod]
    public void A_grid_has_a_score_of_NaN_only_where_it_may_count()
    {
        var evaluator = new PixelEvaluator(new() { Precision = EvaluationPrecision.Grid, CountNaNAsAnomalous = true });
        evaluator.Add([1, float.NaN], [0, 0], 1, 2);
        evaluator.Add([float.NaN, float.NaN], [0, 0], 1, 2);
        evaluator.Add([1, float.NaN], [0, 1], 1, 2);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        Assert.AreEqual(3, PixelEvaluator.ReadFrom(new MemoryStream(stream.ToArray())).Compute().Counts.FalsePositives);

        byte[] forged = Forge(stream.ToArray(), content => content[36] = 0);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => PixelEvaluator.ReadFrom(new MemoryStream(forged))).Message, "NaN");
    }

    [TestMethod]
    public void A_negative_zero_is_read_as_the_zero_that_it_equals()
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(0, true);
        evaluator.Add(0, false);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        byte[] forged = Forge(stream.ToArray(), content => content[8] = 0x80);
        using var again = new MemoryStream();
        ImageEvaluator.ReadFrom(new MemoryStream(forged)).WriteTo(again);
        CollectionAssert.AreEqual(stream.ToArray(), again.ToArray());
    }

    [TestMethod]
    public void States_can_follow_one_another_in_a_stream()
    {
        using var stream = new MemoryStream([.. s_imageState, .. s_exactState, .. s_gridState, 42]);
        Assert.AreEqual(2, ImageEvaluator.ReadFrom(stream).Count);
        Assert.AreEqual(6, PixelEvaluator.ReadFrom(stream).Compute().Counts.Total);
        Assert.AreEqual(6, PixelEvaluator.ReadFrom(stream).Compute().Counts.Total);
        Assert.AreEqual(42, stream.ReadByte());
    }

    [TestMethod]
    public void A_state_larger_than_one_block_survives()
    {
        var evaluator = new ImageEvaluator();
        for (int i = 0; i < 300_000; i++)
            evaluator.Add(i * 0.37f % 1000, i % 3 == 0);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        stream.Position = 0;
        Assert.AreEqual(evaluator.Compute(), ImageEvaluator.ReadFrom(stream).Compute());
    }

    private delegate void Change(Span<byte> content);

    // A header of 8 bytes, a block with its length before it, an empty block, and a sum over all but the lengths.
    private static byte[] Forge(byte[] state, Change change)
    {
        byte[] forged = [.. state];
        Span<byte> content = forged.AsSpan(12, BinaryPrimitives.ReadInt32LittleEndian(forged.AsSpan(8)));
        change(content);
        SHA256.HashData([.. forged[..8], .. content]).CopyTo(forged, forged.Length - 32);
        return forged;
    }

    private static byte[] ImageState()
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(1, true);
        evaluator.Add(2, false);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        return stream.ToArray();
    }

    private static byte[] PixelState(EvaluationPrecision precision, bool withNormal = false)
    {
        var evaluator = new PixelEvaluator(new() { Precision = precision });
        evaluator.Add([1, 2, 3, 4, 5, 6], [0, 1, 1, 0, 0, 9], 2, 3);
        if (withNormal)
            evaluator.Add([1, 7, 8, 9], new byte[4], 2, 2);
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        return stream.ToArray();
    }
}
